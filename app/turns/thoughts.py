"""Agents that talk by tools (MemGPT's kind) think in an argument of each call, and ask for the next step in
another one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from app.llm.types import ToolCall

THINKING, HEARTBEAT = "thinking", "request_heartbeat"

_THINKING = {
    "type": "string",
    "description": "What you think before you act, in a few words; only you read it.",
}
_HEARTBEAT = {
    "type": "boolean",
    "description": "True to go on with another step after this call; otherwise your turn ends with it.",
}


def extended(schema: dict[str, Any], *, reasons: bool, ends: bool) -> dict[str, Any]:
    """A tool's schema with what such agents add. `reasons`: the model thinks by itself; `ends`: the tool ends
    the turn."""
    parameters = schema["parameters"]
    properties: dict[str, Any] = dict(parameters.get("properties", {}))
    required = list(parameters.get("required", ()))
    if not reasons:
        properties = {THINKING: _THINKING, **properties}
        required.insert(0, THINKING)
    if not ends:
        properties[HEARTBEAT] = _HEARTBEAT
        required.append(HEARTBEAT)
    return {**schema, "parameters": {**parameters, "properties": properties, "required": required}}


def split(call: ToolCall) -> tuple[ToolCall, str | None, bool]:
    """The call without its thought, the thought, and whether it asks for another step."""
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        return call, None, False
    if not isinstance(arguments, dict):
        return call, None, False
    thought = arguments.pop(THINKING, None)
    heartbeat = arguments.get(HEARTBEAT)
    cleaned = replace(call, arguments=orjson.dumps(arguments).decode())
    wants = heartbeat is True or (isinstance(heartbeat, str) and heartbeat.lower() == "true")
    return cleaned, thought if isinstance(thought, str) and thought else None, wants
