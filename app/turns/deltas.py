"""Streamed pieces of a model's answer as wire messages; text is bundled a little, its first piece is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from app.llm.types import Delta, ToolCall
from app.messages import wire
from app.turns import thoughts
from app.turns.partial import Texts
from app.turns.state import Emit, LoadedAgent, Turn

BUNDLE_SECONDS = 0.04


@dataclass
class _Call:
    """A call on its way."""

    id: str
    name: str
    arguments: list[str] = field(default_factory=list[str])
    texts: Texts = field(default_factory=Texts)


class Deltas:
    """Turns deltas of one model call into events with the id under which the message will be stored."""

    def __init__(self, turn: Turn, agent: LoadedAgent, message_id: UUID, emit: Emit) -> None:
        self._emit = emit
        self._agent = agent
        self._view = turn.view
        self._message = wire.Stored(
            id=message_id, role="assistant", created_at=datetime.now(UTC), run_id=turn.run_id
        )
        self._kind = ""
        self._source = ""
        self._waiting: list[str] = []
        self._sent = 0.0
        self._calls: dict[int, _Call] = {}

    def add(self, delta: Delta) -> None:
        """Take the next piece."""
        if delta.text:
            kind = "reasoning_message" if self._agent.talks_by_tools else "assistant_message"
            self._text(kind, delta.text)
        elif delta.reasoning:
            self._text("reasoning_message", delta.reasoning)
        elif delta.tool_index is not None:
            call = self._calls.setdefault(delta.tool_index, _Call(delta.tool_id, ""))
            call.name += delta.tool_name
            if self._agent.talks_by_tools:
                self._talk(call, delta.tool_arguments)
            else:
                self._piece(call, delta)

    def end(self) -> None:
        """Send what is waiting, and the calls whose arguments had to be complete."""
        self.flush()
        if not self._agent.talks_by_tools:
            return
        for call in self._calls.values():
            if self._is_message(call):
                continue
            whole, _, _ = thoughts.split(ToolCall(call.id, call.name, "".join(call.arguments)))
            shown = {"name": call.name, "arguments": whole.arguments, "tool_call_id": call.id}
            self._send(self._call_kind(call), tool_call=shown, tool_calls=[shown])

    def flush(self) -> None:
        """Send the text that is waiting."""
        if not self._waiting:
            return
        text = "".join(self._waiting)
        self._waiting.clear()
        self._sent = perf_counter()
        if self._kind == "reasoning_message":
            self._send(self._kind, reasoning=text, source=self._source, signature=None)
        else:
            self._send(self._kind, content=text)

    def _piece(self, call: _Call, delta: Delta) -> None:
        """A piece of a call as it is."""
        self.flush()
        shown = {
            "name": delta.tool_name or None,
            "arguments": delta.tool_arguments or None,
            "tool_call_id": delta.tool_id,
        }
        self._send(self._call_kind(call), tool_call=shown, tool_calls=shown)

    def _talk(self, call: _Call, arguments: str) -> None:
        """What a call says to the user, and what the agent thinks with it."""
        call.arguments.append(arguments)
        for name, text in call.texts.feed(arguments):
            if name == thoughts.THINKING:
                self._text("reasoning_message", text, "non_reasoner_model")
            elif self._is_message(call) and name == self._view.tool_kwarg:
                self._text("assistant_message", text)

    def _is_message(self, call: _Call) -> bool:
        return self._view.use_assistant_message and call.name == self._view.tool_name

    def _call_kind(self, call: _Call) -> str:
        waits = call.name in self._agent.client_tools or self._agent.rules.needs_approval(call.name)
        return "approval_request_message" if waits else "tool_call_message"

    def _text(self, kind: str, text: str, source: str = "reasoner_model") -> None:
        if (kind, source) != (self._kind, self._source):
            self.flush()
            self._kind, self._source = kind, source
        self._waiting.append(text)
        if perf_counter() - self._sent >= BUNDLE_SECONDS:
            self.flush()

    def _send(self, kind: str, **content: Any) -> None:
        self._emit(wire.delta(self._message, kind, **content))
