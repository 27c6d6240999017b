"""What a model is asked and what it answers, independent of the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.errors import AppError


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible server: a normalised URL that ends in `/v1`, and its key."""

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 600
    """Seconds for a whole call."""
    idle_timeout: float = 60
    """Seconds without a byte before a call is given up."""


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
    completion: int = 0
    total: int = 0
    cached: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True)
class Completion:
    """A model's whole answer."""

    text: str
    reasoning: str
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str
    usage: Usage


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
    """One chat completion."""

    model: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Extra body fields: temperature, max_tokens, tool_choice …"""

    def body(self, *, stream: bool) -> dict[str, Any]:
        """The JSON body on the wire."""
        body: dict[str, Any] = {"model": self.model, "messages": self.messages, **self.options}
        if self.tools:
            body["tools"] = self.tools
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body


class ModelError(AppError):
    """A model endpoint failed after our own retries; the client must not repeat the whole turn."""

    retry = False

    def __init__(self, kind: str, message: str, *, status: int) -> None:
        self.kind = kind
        self.status = status
        super().__init__(message, body={"error": {"type": kind, "message": message, "detail": None}})
