"""What a failed call means, in Letta's kinds of errors. An endpoint's own words go to the log only."""

from __future__ import annotations

import re

from app.llm.types import CONTEXT_WINDOW_EXCEEDED, ModelError

RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses that may pass by themselves; 529 is Anthropic's word for overloaded."""

TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|longer than the maximum model length"
    r"|prompt is too long|input is too long|exceeds? the (?:available |maximum )?(?:context|model)"
    r"|model_context_window_exceeded|request_too_large",
    re.IGNORECASE,
)
"""How OpenAI, vLLM, Anthropic, Bedrock and llama.cpp say that the prompt does not fit."""

OUT_OF_CREDIT = re.compile(r"insufficient_quota|credit balance is too low|billing", re.IGNORECASE)


class RefusedError(Exception):
    """An answer that is an error, before anybody decided whether to try again."""

    def __init__(self, fault: ModelError, *, retried: bool, wait: float | None = None) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.retried = retried
        self.wait = wait
        """Seconds that the endpoint asked us to wait."""


def refused(status: int, text: str, *, wait: float | None = None) -> RefusedError:
    """The error for a status other than 200, with the beginning of the answer's body."""
    if status in {400, 413, 422} and TOO_LONG.search(text):
        return RefusedError(too_long(), retried=False)
    if status == 402 or (status in {400, 403, 429} and OUT_OF_CREDIT.search(text)):
        fault = ModelError(
            "llm_insufficient_credits", "The account at the model endpoint has no credit left.", status=402
        )
        return RefusedError(fault, retried=False)
    return RefusedError(_by_status(status), retried=status in RETRIED, wait=wait)


def too_long() -> ModelError:
    """The prompt does not fit."""
    return ModelError(
        CONTEXT_WINDOW_EXCEEDED, "The conversation is longer than the model's context window.", status=400
    )


def rejected(why: str) -> ModelError:
    """We know that the provider cannot do what is asked."""
    return ModelError("llm_bad_request", why, status=400)


def unusable(what: str) -> ModelError:
    """The answer does not keep to the protocol."""
    return ModelError("llm_error", f"The model endpoint's answer is not usable: {what}.", status=502)


def timed_out(seconds: float) -> ModelError:
    """Nothing came for too long."""
    return ModelError("llm_timeout", f"The model did not answer within {seconds:g} s.", status=504)


def stalled() -> ModelError:
    """The answer began and stopped."""
    return ModelError("llm_timeout", "The model stopped sending; try again.", status=504)


def broken(error: BaseException) -> ModelError:
    """The connection ended within an answer."""
    return ModelError("llm_error", f"The model's connection broke ({type(error).__name__}).", status=502)


def incomplete() -> ModelError:
    """The stream ended without saying that it did."""
    return ModelError("stream_incomplete", "The model's answer broke off; try again.", status=502)


def unreachable(url: str, error: BaseException) -> ModelError:
    """No connection."""
    return ModelError(
        "llm_error", f"The model endpoint at {url} cannot be reached ({type(error).__name__}).", status=502
    )


def overloaded(why: str) -> ModelError:
    """Not now: the endpoint is known to be down, or everybody is calling it."""
    return ModelError("llm_error", why, status=503)


def _by_status(status: int) -> ModelError:
    match status:
        case 401:
            # Not 401 to the client, whose own key is right.
            return ModelError(
                "llm_authentication",
                "The model endpoint refused our key; correct it in the settings.",
                status=502,
            )
        case 403:
            return ModelError(
                "llm_permission_denied", "The model endpoint does not allow this call.", status=403
            )
        case 404:
            return ModelError("llm_not_found", "The model endpoint does not know this model.", status=404)
        case 429:
            return ModelError(
                "llm_rate_limit", "The model endpoint is over its rate limit; try again later.", status=429
            )
        case 408 | 504:
            return ModelError("llm_timeout", "The model endpoint took too long; try again.", status=504)
        case 503 | 529:
            return overloaded("The model endpoint is overloaded or still starting; try again later.")
        case _ if status < 500:
            return rejected(f"The model endpoint refused the request (HTTP {status}).")
        case _:
            return ModelError("llm_error", f"The model endpoint failed (HTTP {status}).", status=502)
