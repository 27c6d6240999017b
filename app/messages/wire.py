"""A stored message as the messages that Letta's clients read: one row becomes one or several of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson


@dataclass(frozen=True)
class View:
    """How a client wants to see messages that agents send with a tool."""

    use_assistant_message: bool = True
    """Whether such a call is shown as an assistant_message."""
    tool_name: str = "send_message"
    tool_kwarg: str = "message"


DEFAULT_VIEW = View()


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
    approvals: list[dict[str, Any]] | None = None
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
        for name in ("parts", "tool_calls", "tool_returns", "approvals"):
            if values[name] is not None:
                values[name] = orjson.loads(values[name])
        return cls(**values)


def expand(message: Stored, view: View = DEFAULT_VIEW) -> list[dict[str, Any]]:
    """The wire messages of a row, in order; they share its id."""
    match message.role:
        case "approval" if message.approvals is not None:
            return [_answers(message, message.approvals)]
        case "assistant" | "approval":
            return _assistant(message, view)
        case "tool":
            return [_returns(message)]
        case "summary":
            return [_summary(message)]
        case "heartbeat":
            return []
        case role:
            kind = f"{role}_message"
            content = message.parts if role == "user" and message.parts else message.text or ""
            return [_common(message, kind) | {"content": content}]


def delta(message: Stored, kind: str, **content: Any) -> dict[str, Any]:
    """A piece of a message that is being streamed."""
    return _common(message, kind) | content


def call(stored: dict[str, Any]) -> dict[str, Any]:
    """A stored call as clients are shown it."""
    return {"name": stored["name"], "arguments": stored["arguments"], "tool_call_id": stored["id"]}


def compaction_event(message: Stored, data: dict[str, Any]) -> dict[str, Any]:
    """Tells that a compaction begins, whose summary will be `message`."""
    return _common(message, "event_message") | {"event_type": "compaction", "event_data": data}


def _assistant(message: Stored, view: View) -> list[dict[str, Any]]:
    wire: list[dict[str, Any]] = []
    if message.reasoning:
        wire.append(_reasoning(message, message.reasoning, "reasoner_model"))
    if message.text:
        wire.append(_common(message, "assistant_message") | {"content": message.text})
    plain: list[dict[str, Any]] = []
    for one in message.tool_calls or ():
        if one.get("thinking"):
            wire.append(_reasoning(message, one["thinking"], "non_reasoner_model"))
        sent = None if one.get("approval") else _sent(one, view)
        if sent is not None:
            wire.append(_common(message, "assistant_message") | {"content": sent})
        elif not one.get("approval"):
            plain.append(call(one))
    if plain:
        wire.append(_common(message, "tool_call_message") | {"tool_call": plain[0], "tool_calls": plain})
    asked = [call(one) for one in message.tool_calls or () if one.get("approval")]
    if asked:
        request = {"tool_call": asked[0], "tool_calls": asked}
        wire.append(_common(message, "approval_request_message") | request)
    return wire or [_common(message, "assistant_message") | {"content": ""}]


def _reasoning(message: Stored, text: str, source: str) -> dict[str, Any]:
    content = {"reasoning": text, "source": source, "signature": None}
    return _common(message, "reasoning_message") | content


def _sent(stored: dict[str, Any], view: View) -> str | None:
    """The text of a call that sends a message to the user; None for any other call."""
    if not view.use_assistant_message or stored["name"] != view.tool_name:
        return None
    try:
        text = orjson.loads(stored["arguments"])[view.tool_kwarg]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
    return text if isinstance(text, str) else None


def _answers(message: Stored, approvals: list[dict[str, Any]]) -> dict[str, Any]:
    first = next((one for one in approvals if one["type"] == "approval"), None)
    return _common(message, "approval_response_message") | {
        "approvals": approvals,
        "approve": first["approve"] if first else None,
        "approval_request_id": None,
        "reason": first["reason"] if first else None,
    }


def _summary(message: Stored) -> dict[str, Any]:
    stats = message.parts[0] if message.parts else None
    return _common(message, "summary_message") | {"summary": message.text or "", "compaction_stats": stats}


def _returns(message: Stored) -> dict[str, Any]:
    returns = [
        {
            "type": "tool",
            "tool_return": one["text"],
            "status": one["status"],
            "tool_call_id": one["tool_call_id"],
            "stdout": one.get("stdout"),
            "stderr": one.get("stderr"),
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
