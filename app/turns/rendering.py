"""Stored messages as a model reads them: the same message always renders to the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from app.agents import prompt
from app.turns.state import ContextMessage

SUMMARIZED = "Earlier messages are out of view; search them when you need more than this summary of them:\n"


def render(messages: Sequence[ContextMessage], timezone: str) -> list[dict[str, Any]]:
    """The messages in OpenAI's shape: the system prompt, the latest summary, and the rest as it was said.

    Returns follow the message that has the calls, whatever was stored in between; a call without a return
    gets one that says so.
    """
    rendered: list[dict[str, Any]] = []
    shown = in_view(messages)
    for position, message in enumerate(shown):
        if message.role == "tool" or message.approvals is not None:
            continue
        rendered.append(_rendered(message, timezone))
        if message.tool_calls:
            rendered += _returns(message, shown[position + 1 :], timezone)
    return rendered


def in_view(messages: Sequence[ContextMessage]) -> list[ContextMessage]:
    """The messages in the order in which they are shown: a summary stands for what was before it."""
    rest = [message for message in messages if message.role != "summary"]
    summaries = [message for message in messages if message.role == "summary"]
    first = 1 if rest and rest[0].seq == 1 else 0
    return [*rest[:first], *summaries[-1:], *rest[first:]]


def _returns(asked: ContextMessage, later: Sequence[ContextMessage], timezone: str) -> list[dict[str, Any]]:
    """One return for each call; ids are unique within a step only, so the next calls end the search."""
    found: dict[str, tuple[dict[str, Any], ContextMessage]] = {}
    for message in later:
        if message.tool_calls:
            break
        for one in message.tool_returns or ():
            found.setdefault(one["tool_call_id"], (one, message))
    rendered: list[dict[str, Any]] = []
    for call in asked.tool_calls or ():
        if call["id"] in found:
            one, message = found[call["id"]]
            rendered.append(_returned(one, prompt.clock(message.created_at, timezone)))
        else:
            rendered.append(_lost(call["id"]))
    return rendered


def _rendered(message: ContextMessage, timezone: str) -> dict[str, Any]:
    time = prompt.clock(message.created_at, timezone)
    match message.role:
        case "system" if message.seq == 1:
            return {"role": "system", "content": message.text or ""}
        case "system":
            return _user(type="system_alert", message=message.text, time=time)
        case "summary":
            return _user(type="system_alert", message=SUMMARIZED + (message.text or ""), time=time)
        case "heartbeat":
            return _user(type="heartbeat", reason=message.text, time=time)
        case "user":
            text = _packed(type="user_message", message=message.text, time=time)
            return {"role": "user", "content": _with_images(text, message.parts)}
        case _:
            return _assistant(message)


def _assistant(message: ContextMessage) -> dict[str, Any]:
    rendered: dict[str, Any] = {"role": "assistant", "content": message.text or None}
    if message.tool_calls:
        rendered["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": _arguments(call)},
            }
            for call in message.tool_calls
        ]
    elif not message.text:
        rendered["content"] = ""
    signature = message.parts[0].get("signature") if message.parts else None
    if signature:
        rendered["thinking"] = {"text": message.reasoning or "", "signature": signature}
    return rendered


def _arguments(call: dict[str, Any]) -> str:
    """Valid JSON: some endpoints refuse a history in which the model once wrote broken arguments."""
    try:
        arguments = orjson.loads(call["arguments"])
    except orjson.JSONDecodeError:
        return "{}"
    if call.get("thinking") and isinstance(arguments, dict):
        return orjson.dumps({"thinking": call["thinking"], **arguments}).decode()
    return call["arguments"]


def _returned(one: dict[str, Any], time: str) -> dict[str, Any]:
    status = "OK" if one["status"] == "success" else "Failed"
    content = _packed(status=status, message=one["text"], time=time)
    return {"role": "tool", "tool_call_id": one["tool_call_id"], "content": content}


def _lost(call_id: str) -> dict[str, Any]:
    content = _packed(status="Failed", message="The result of this call was lost; whether it ran is unknown.")
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def _with_images(text: str, parts: list[dict[str, Any]] | None) -> str | list[dict[str, Any]]:
    images = [_image(part["source"]) for part in parts or () if part["type"] == "image"]
    return [{"type": "text", "text": text}, *images] if images else text


def _image(source: dict[str, Any]) -> dict[str, Any]:
    data = f"data:{source.get('media_type')};base64,{source.get('data')}"
    shown = {"url": source.get("url") or data}
    if source.get("detail"):
        shown["detail"] = source["detail"]
    return {"type": "image_url", "image_url": shown}


def _user(**fields: str | None) -> dict[str, Any]:
    return {"role": "user", "content": _packed(**fields)}


def _packed(**fields: str | None) -> str:
    return orjson.dumps(fields).decode()
