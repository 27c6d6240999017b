"""Messages of an agent file: our rows in Letta's stored shape, and back."""

from __future__ import annotations

from typing import Any

from app.agentfiles.schemas import FileMessage
from app.messages.rows import NewMessage


def outwards(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the file has it."""
    content: list[dict[str, Any]] = []
    if row["reasoning"]:
        content.append({"type": "reasoning", "reasoning": row["reasoning"], "is_native": True})
    if row["parts"]:
        content += row["parts"]
    elif row["text"]:
        content.append({"type": "text", "text": row["text"]})
    returns = row["tool_returns"] or []
    return {
        "id": row["id"],
        "role": row["role"],
        "content": content,
        "name": row["name"],
        "model": row["model"],
        "tool_calls": [_call(call) for call in row["tool_calls"] or ()] or None,
        "tool_call_id": returns[0]["tool_call_id"] if returns else None,
        "tool_returns": [_return(one) for one in returns] or None,
        "created_at": row["created_at"],
    }


def inwards(message: FileMessage) -> NewMessage | None:
    """A message of the file as a row; None for kinds that make no sense on another server."""
    text, parts, reasoning = _content(message)
    calls = [_own_call(call) for call in message.tool_calls or ()] or None
    common: dict[str, Any] = {"name": message.name, "model": message.model, "created_at": message.created_at}
    match message.role:
        case "user" | "system" | "summary":
            return NewMessage(role=message.role, text=text, parts=parts, **common)
        case "assistant":
            return NewMessage(
                role="assistant", text=text or None, reasoning=reasoning or None, tool_calls=calls, **common
            )
        case "tool":
            returns = [_own_return(one, message) for one in message.tool_returns or ()]
            returns = returns or [_own_return({"func_response": text}, message)]
            return NewMessage(role="tool", tool_returns=returns, **common)
        case _:
            return None


def _call(call: dict[str, Any]) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": call["arguments"]}
    return {"id": call["id"], "type": "function", "function": function}


def _return(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "tool_call_id": one["tool_call_id"],
        "status": one["status"],
        "func_response": one["text"],
        "stdout": one.get("stdout"),
        "stderr": one.get("stderr"),
    }


def _own_call(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    told: dict[str, Any] = function if isinstance(function, dict) else call
    return {
        "id": str(call.get("id") or ""),
        "name": str(told.get("name") or ""),
        "arguments": str(told.get("arguments") or "{}"),
    }


def _own_return(one: dict[str, Any], message: FileMessage) -> dict[str, Any]:
    return {
        "tool_call_id": str(one.get("tool_call_id") or message.tool_call_id or ""),
        "name": message.name or "",
        "status": "error" if one.get("status") == "error" else "success",
        "text": str(one.get("func_response") or ""),
    }


def _content(message: FileMessage) -> tuple[str, list[dict[str, Any]] | None, str]:
    """Text, the parts when there is more than text, and reasoning."""
    if message.content is None or isinstance(message.content, str):
        return message.content or "", None, ""
    shown = [part for part in message.content if part.get("type") in {"text", "image"}]
    text = "\n".join(str(part.get("text") or "") for part in shown if part["type"] == "text")
    thoughts = [
        str(part.get("reasoning") or "") for part in message.content if part.get("type") == "reasoning"
    ]
    images = any(part["type"] == "image" for part in shown)
    return text, shown if images else None, "\n".join(filter(None, thoughts))
