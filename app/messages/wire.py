"""A stored message as the messages that Letta's clients read: one row becomes one or several of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson


@dataclass(frozen=True)
class Stored:
    """A message as the table has it, or is about to have it."""

    id: UUID
    role: str
    created_at: datetime
    seq: int | None = None
    text: str | None = None
    parts: list[dict[str, Any]] | None = None
    reasoning: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_returns: list[dict[str, Any]] | None = None
    name: str | None = None
    otid: str | None = None
    sender_id: str | None = None
    is_err: bool = False
    run_id: UUID | None = None
    step_id: UUID | None = None

    @classmethod
    def from_row(cls, row: Any) -> Stored:
        """From a database row with the columns of `queries.COLUMNS`; JSON columns are text there."""
        values = {name: row[name] for name in cls.__dataclass_fields__}
        for name in ("parts", "tool_calls", "tool_returns"):
            if values[name] is not None:
                values[name] = orjson.loads(values[name])
        return cls(**values)


def expand(message: Stored) -> list[dict[str, Any]]:
    """The wire messages of a row, in order; they share its id."""
    match message.role:
        case "assistant":
            return _assistant(message)
        case "tool":
            return [_returns(message)]
        case role:
            kind = f"{role}_message"
            content = message.parts if role == "user" and message.parts else message.text or ""
            return [_common(message, kind) | {"content": content}]


def delta(message: Stored, kind: str, **content: Any) -> dict[str, Any]:
    """A piece of a message that is being streamed."""
    return _common(message, kind) | content


def _assistant(message: Stored) -> list[dict[str, Any]]:
    wire: list[dict[str, Any]] = []
    if message.reasoning:
        source = {"reasoning": message.reasoning, "source": "reasoner_model", "signature": None}
        wire.append(_common(message, "reasoning_message") | source)
    if message.text:
        wire.append(_common(message, "assistant_message") | {"content": message.text})
    if message.tool_calls:
        calls = [
            {"name": call["name"], "arguments": call["arguments"], "tool_call_id": call["id"]}
            for call in message.tool_calls
        ]
        wire.append(_common(message, "tool_call_message") | {"tool_call": calls[0], "tool_calls": calls})
    return wire or [_common(message, "assistant_message") | {"content": ""}]


def _returns(message: Stored) -> dict[str, Any]:
    returns = [
        {
            "type": "tool",
            "tool_return": one["text"],
            "status": one["status"],
            "tool_call_id": one["tool_call_id"],
            "stdout": None,
            "stderr": None,
        }
        for one in message.tool_returns or ()
    ]
    first = {name: value for name, value in returns[0].items() if name != "type"} if returns else {}
    common = _common(message, "tool_return_message")
    name = message.tool_returns[0]["name"] if message.tool_returns else None
    return common | {"name": name, **first, "tool_returns": returns}


def _common(message: Stored, kind: str) -> dict[str, Any]:
    return {
        "id": f"message-{message.id}",
        "date": message.created_at.isoformat(),
        "message_type": kind,
        "name": message.name,
        "otid": message.otid,
        "sender_id": message.sender_id,
        "step_id": f"step-{message.step_id}" if message.step_id else None,
        "run_id": f"run-{message.run_id}" if message.run_id else None,
        "is_err": message.is_err or None,
        "seq_id": message.seq,
    }
