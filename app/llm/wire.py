"""What every provider's protocol is to the rest: pure translation, no sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.llm.types import Completion, Delta, Listed, Request


@dataclass(frozen=True)
class Call:
    """One HTTP request. `url` is encoded as it goes out."""

    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes | None = None
    """None makes it a GET."""


class Gatherer(Protocol):
    """Adds up the events of a streamed answer."""

    def take(self, event: dict[str, Any]) -> list[Delta]:
        """Add an event; the deltas in it. Raises RefusedError for one that says the call failed."""
        ...

    def completion(self) -> Completion | None:
        """The whole answer, or None when its end is missing."""
        ...


class Wire(Protocol):
    """One provider's protocol, for one endpoint. Parsing raises LookupError, TypeError, ValueError."""

    async def chat(self, request: Request, *, stream: bool) -> Call:
        """The call for an answer. Raises ModelError when the provider cannot do what is asked."""
        ...

    def completion(self, answer: dict[str, Any]) -> Completion:
        """The answer of a call that was not streamed."""
        ...

    def events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
        """The events of a streamed answer."""
        ...

    def gatherer(self) -> Gatherer:
        """For one streamed answer."""
        ...

    async def listing(self) -> Call | None:
        """The call for its models, or None when it cannot say."""
        ...

    def listed(self, answer: dict[str, Any]) -> list[Listed]:
        """The models in the answer of `listing`."""
        ...

    async def counting(self, request: Request) -> Call | None:
        """The call that counts a request's tokens, or None when there is none."""
        ...

    def counted(self, answer: dict[str, Any]) -> int:
        """The tokens in the answer of `counting`."""
        ...
