"""What a model is asked and what it answers, independent of the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from app.errors import AppError

Kind = Literal["openai", "vllm", "anthropic", "bedrock"]
"""Which protocol an endpoint speaks; `vllm` is OpenAI's with vLLM's own additions."""


@dataclass(frozen=True)
class Endpoint:
    """A model server: where it is, what it speaks, and how patient to be with it."""

    base_url: str
    """Normalised: without a slash at its end; OpenAI-compatible ones end in `/v1`."""
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 600
    """Seconds for a whole call."""
    idle_timeout: float = 60
    """Seconds without a byte before a call is given up."""
    kind: Kind = "openai"
    provider: str = "openai"
    """First part of its models' handles."""
    concurrency: int = 256
    """Calls at once; more wait for their turn."""
    region: str = ""
    """Of AWS, for Bedrock."""
    offered: tuple[str, ...] = ()
    """Models of an endpoint that cannot list them."""


@dataclass(frozen=True)
class Listed:
    """A model that an endpoint offers, as far as it says."""

    name: str
    context_window: int | None = None
    max_output: int | None = None


@dataclass(frozen=True)
class ToolCall:
    """One call that the model wants. `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    """Tokens of one call, as the endpoint reported them."""

    prompt: int = 0
    """The whole prompt, with what came from the endpoint's cache and what went into it."""
    completion: int = 0
    total: int = 0
    cached: int | None = None
    reasoning: int | None = None
    cache_write: int | None = None


@dataclass(frozen=True)
class Completion:
    """A model's whole answer."""

    text: str
    reasoning: str
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str
    """`stop`, `tool_calls`, `length` or `content_filter`."""
    usage: Usage
    signature: str = ""
    """Proof of the provider's that `reasoning` is its own; it wants both back while tools are running."""


@dataclass(frozen=True)
class Delta:
    """A piece of a streamed answer; exactly one kind of content is present."""

    text: str = ""
    reasoning: str = ""
    tool_index: int | None = None
    tool_id: str = ""
    tool_name: str = ""
    tool_arguments: str = ""


@dataclass(frozen=True)
class Request:
    """One chat completion, in OpenAI's shape whatever the provider.

    An assistant message may also have `thinking`: the `text` and `signature` of an earlier answer.
    """

    model: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """temperature, max_tokens, tool_choice … as OpenAI names them; `thinking` as Anthropic does."""
    provider: str | None = None
    """First part of the model's handle: whose endpoint answers."""


CONTEXT_WINDOW_EXCEEDED = "context_window_exceeded"
"""The kind of the error that a shorter request would not have met."""


class ModelError(AppError):
    """A model endpoint failed after our own retries; the client must not repeat the whole turn."""

    retry = False

    def __init__(self, kind: str, message: str, *, status: int) -> None:
        self.kind = kind
        self.status = status
        super().__init__(message, body={"error": {"type": kind, "message": message, "detail": None}})
