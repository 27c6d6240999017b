"""Streamed pieces of a model's answer as wire messages; text is bundled a little, its first piece is not."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from app.llm.types import Delta
from app.messages import wire
from app.turns.state import Emit, LoadedAgent, Turn

BUNDLE_SECONDS = 0.04


class Deltas:
    """Turns deltas of one model call into events with the id under which the message will be stored."""

    def __init__(self, turn: Turn, agent: LoadedAgent, message_id: UUID, emit: Emit) -> None:
        self._emit = emit
        self._agent = agent
        self._message = wire.Stored(
            id=message_id, role="assistant", created_at=datetime.now(UTC), run_id=turn.run_id
        )
        self._kind = ""
        self._waiting: list[str] = []
        self._sent = 0.0

    def add(self, delta: Delta) -> None:
        """Take the next piece."""
        if delta.text:
            self._text("assistant_message", delta.text)
        elif delta.reasoning:
            self._text("reasoning_message", delta.reasoning)
        elif delta.tool_index is not None:
            self.flush()
            call = {
                "name": delta.tool_name or None,
                "arguments": delta.tool_arguments or None,
                "tool_call_id": delta.tool_id,
            }
            self._send("tool_call_message", tool_call=call, tool_calls=call)

    def flush(self) -> None:
        """Send what is waiting."""
        if not self._waiting:
            return
        text = "".join(self._waiting)
        self._waiting.clear()
        self._sent = perf_counter()
        if self._kind == "reasoning_message":
            self._send(self._kind, reasoning=text, source="reasoner_model", signature=None)
        else:
            self._send(self._kind, content=text)

    def _text(self, kind: str, text: str) -> None:
        if kind != self._kind:
            self.flush()
            self._kind = kind
        self._waiting.append(text)
        if perf_counter() - self._sent >= BUNDLE_SECONDS:
            self.flush()

    def _send(self, kind: str, **content: Any) -> None:
        self._emit(wire.delta(self._message, kind, **content))
