"""Arguments for a tool call, as far as its JSON schema asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_EMPTY: dict[str, object] = {
    "string": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
    "array": [],
    "object": {},
}

# What Letta adds to tools for models that cannot think aloud or must ask to go on.
_USUAL: dict[str, object] = {"request_heartbeat": True, "thinking": "A scripted stand-in does not think."}


def arguments_for(schema: Mapping[str, Any], known: Mapping[str, object]) -> dict[str, object]:
    """The arguments in `known` that the schema has, and an empty value for every other required one."""
    properties: Mapping[str, Any] = schema.get("properties") or {}
    offered = {**_USUAL, **known}
    arguments = {name: offered[name] for name in properties if name in offered}
    for name in schema.get("required") or ():
        if name not in arguments:
            arguments[name] = _empty_value(properties.get(name) or {})
    return arguments


def _empty_value(schema: Mapping[str, Any]) -> object:
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    return _EMPTY.get(kind if isinstance(kind, str) else "")
