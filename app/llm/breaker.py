"""Keeps calls away from an endpoint that is down, and no more than so many on one that is not."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic

from app.llm import failures
from app.llm.types import Endpoint, ModelError
from app.telemetry import metrics

log = logging.getLogger("roost.llm")

FAILURES = 8
"""Failed calls in a row, after their own retries, that open the circuit."""
OUTAGES = frozenset({"llm_error", "llm_timeout", "stream_incomplete"})
"""Kinds of errors that speak of the endpoint's health; a wrong key or a bad request does not."""
OPEN_SECONDS = 10.0
LONGEST_OPEN_SECONDS = 120.0


class Breaker:
    """Circuit breaker and bound of one endpoint.

    Closed, calls pass. After FAILURES failures in a row it is open and calls fail at once; when its time is
    over it is half open: one call may try, and closes it, or opens it again for twice as long.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._slots = asyncio.Semaphore(endpoint.concurrency)
        self._failures = 0
        self._open_for = 0.0
        self._until = 0.0
        self._trying = False
        self._gauge = metrics.LLM_CIRCUIT_OPEN.labels(endpoint.provider)
        self._gauge.set(0)

    @asynccontextmanager
    async def call(self) -> AsyncGenerator[None]:
        """A call's turn, whose outcome is remembered. Raises ModelError (503) when there is none."""
        try:
            async with asyncio.timeout(self._endpoint.idle_timeout):
                await self._slots.acquire()
        except TimeoutError:
            raise failures.overloaded(
                f"{self._endpoint.concurrency} calls are on the model endpoint already; try again later."
            ) from None
        try:
            probe = self._admit()
            try:
                yield
            except ModelError as error:
                self._ended(bad=error.kind in OUTAGES and error.status >= 500)
                raise
            else:
                self._ended(bad=False)
            finally:
                if probe:
                    self._trying = False
        finally:
            self._slots.release()

    def _admit(self) -> bool:
        """Whether this call is the half-open circuit's only one."""
        if not self._open_for:
            return False
        left = self._until - monotonic()
        if left > 0 or self._trying:
            raise failures.overloaded(
                f"The model endpoint of {self._endpoint.provider!r} is down; it is tried again"
                f" in {max(left, 1):.0f} s."
            )
        self._trying = True
        return True

    def _ended(self, *, bad: bool) -> None:
        if not bad:
            if self._open_for:
                log.warning("model endpoint %s answers again", self._endpoint.provider)
            self._failures, self._open_for = 0, 0.0
            self._gauge.set(0)
            return
        self._failures += 1
        if self._failures < FAILURES:
            return
        self._open_for = min(self._open_for * 2 or OPEN_SECONDS, LONGEST_OPEN_SECONDS)
        self._until = monotonic() + self._open_for * random.uniform(0.8, 1)  # noqa: S311
        self._gauge.set(1)
        log.error(
            "model endpoint %s failed %d times in a row; no calls for %.0f s",
            self._endpoint.provider, self._failures, self._open_for,
        )  # fmt: skip
