"""What the rules need to know of a chat request: last user message, memory blocks, tools, tool returns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from .errors import BadRequestError

_BLOCK = re.compile(
    r"<(?P<label>[^<>/\s][^<>\n]*)>(?P<head>(?:(?!<value>).)*?)<value>(?P<value>.*?)</value>", re.DOTALL
)
_LINE_NUMBER = re.compile(r"^\s*\d+(?:→|:)\s?", re.MULTILINE)
_NOT_FROM_THE_USER = frozenset({"heartbeat", "system_alert", "login"})


@dataclass(frozen=True)
class Block:
    """One of the agent's memory blocks as its system prompt shows it."""

    label: str
    value: str
    read_only: bool


@dataclass(frozen=True)
class ToolReturn:
    """What a tool that was called since the last user message gave back."""

    tool: str
    ok: bool
    text: str


@dataclass(frozen=True)
class Conversation:
    """A chat request, reduced to what the rules look at."""

    user_text: str
    blocks: tuple[Block, ...]
    tools: Mapping[str, Mapping[str, Any]]
    """Name → JSON schema of its arguments."""
    returns: tuple[ToolReturn, ...]


def read_conversation(messages: Sequence[Any], tools: Sequence[Any]) -> Conversation:
    """Reduce the `messages` and `tools` of a request. Raises BadRequestError when they have no such shape."""
    if not messages or not all(isinstance(m, dict) and isinstance(m.get("role"), str) for m in messages):
        raise BadRequestError("`messages` must be a non-empty list of objects with a `role`.", "messages")
    texts = [_text(m.get("content")) for m in messages]
    last_user, user_text = -1, ""
    for index, message in enumerate(messages):
        if message["role"] == "user" and (said := _user_message(texts[index])) is not None:
            last_user, user_text = index, said
    system = "\n".join(
        t for m, t in zip(messages, texts, strict=True) if m["role"] in ("system", "developer")
    )
    return Conversation(
        user_text=user_text.strip(),
        blocks=_memory_blocks(system),
        tools=_tool_schemas(tools),
        returns=_tool_returns(messages[last_user + 1 :], texts[last_user + 1 :]),
    )


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if isinstance(part, dict) and "text" in part)
    return ""


def _user_message(text: str) -> str | None:
    """The user's own words; None when the row is one of Letta's notices to the model."""
    wrapped = _json_object(text)
    if wrapped is None:
        return text
    if wrapped.get("type") in _NOT_FROM_THE_USER:
        return None
    message = wrapped.get("message")
    return message if isinstance(message, str) else text


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _memory_blocks(system: str) -> tuple[Block, ...]:
    _, found, rest = system.rpartition("<memory_blocks>")  # the last: instructions may speak of the tag
    section = rest.partition("</memory_blocks>")[0] if found else ""
    return tuple(
        Block(
            match["label"],
            _LINE_NUMBER.sub("", match["value"]).strip(),
            re.search(r"read_only\s*[=:]\s*true", match["head"], re.IGNORECASE) is not None,
        )
        for match in _BLOCK.finditer(section)
    )


def _tool_schemas(tools: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    try:
        return {t["function"]["name"]: t["function"].get("parameters") or {} for t in tools}
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRequestError(
            '`tools` must be a list of {"type": "function", "function": {…}}.', "tools"
        ) from error


def _tool_returns(messages: Sequence[Any], texts: Sequence[str]) -> tuple[ToolReturn, ...]:
    names: dict[str, str] = {}
    found: list[ToolReturn] = []
    for message, text in zip(messages, texts, strict=True):
        for call in message.get("tool_calls") or ():
            names[call["id"]] = call["function"]["name"]
        if message["role"] == "tool":
            name = names.get(message.get("tool_call_id", ""), message.get("name") or "")
            found.append(_tool_return(name, text))
    return tuple(found)


def _tool_return(name: str, text: str) -> ToolReturn:
    """Letta wraps returns as {status: OK|Failed, message, time}; other clients send the bare result."""
    wrapped = _json_object(text)
    if wrapped is None or "status" not in wrapped:
        return ToolReturn(name, ok=True, text=text)
    ok = str(wrapped["status"]).lower() in ("ok", "success")
    message = wrapped.get("message")
    return ToolReturn(name, ok, message if isinstance(message, str) else orjson.dumps(message).decode())
