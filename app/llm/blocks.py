"""A chat in OpenAI's shape as turns of content blocks, which is how Anthropic and Bedrock want it.

Both want the system prompt apart, a user's turn first, turns that alternate, no empty text, and tools
offered wherever a call is shown.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.llm import failures
from app.llm.types import Request

FORGOTTEN = "(What was said before this is not shown.)"
_UNSAFE = re.compile(r"[^a-zA-Z0-9_-]")
_DATA = re.compile(r"data:(image/[a-z+.-]+);base64,(.*)", re.DOTALL)


@dataclass(frozen=True)
class Text:
    """Something said."""

    text: str


@dataclass(frozen=True)
class Image:
    """A picture: its media type and base64 data, or where it is."""

    media_type: str = ""
    data: str = field(default="", repr=False)
    url: str = ""


@dataclass(frozen=True)
class Thinking:
    """Earlier reasoning, with the provider's proof that it is its own."""

    text: str
    signature: str


@dataclass(frozen=True)
class Use:
    """A call of a tool."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a call gave."""

    id: str
    text: str


Block = Text | Image | Thinking | Use | Result


@dataclass(frozen=True)
class Chat:
    """The system prompt and the turns: `user` or `assistant`, with their blocks."""

    system: str
    turns: list[tuple[str, list[Block]]]


def chat(request: Request) -> Chat:
    """The request's messages as blocks. Raises ModelError for an image that is not one."""
    system: list[str] = []
    turns: list[tuple[str, list[Block]]] = []
    for message in request.messages:
        if message["role"] == "system":
            system.append(_joined(message.get("content")))
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        blocks = _blocks(message)
        if not request.tools:
            blocks = [_told(block) for block in blocks]
        if not blocks:
            continue
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(blocks)
        else:
            turns.append((role, blocks))
    if not turns or turns[0][0] == "assistant":
        turns.insert(0, ("user", [Text(FORGOTTEN)]))
    for _, blocks in turns:
        blocks.sort(key=lambda block: not isinstance(block, Result))  # results come before what was said next
    return Chat("\n\n".join(filter(str.strip, system)), turns)


def _blocks(message: dict[str, Any]) -> list[Block]:
    if message["role"] == "tool":
        return [Result(safe_id(message["tool_call_id"]), _joined(message.get("content")) or "(empty)")]
    blocks: list[Block] = []
    if thinking := message.get("thinking"):
        blocks.append(Thinking(thinking["text"], thinking["signature"]))
    content = message.get("content")
    parts: list[dict[str, Any]] = (
        content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    )
    for part in parts:
        if part["type"] == "image_url":
            blocks.append(_image(part["image_url"]["url"]))
        elif part.get("text", "").strip():
            blocks.append(Text(part["text"]))
    for call in message.get("tool_calls") or ():
        function = call["function"]
        blocks.append(Use(safe_id(call["id"]), function["name"], _object(function.get("arguments"))))
    return blocks


def _told(block: Block) -> Block:
    """Calls and results as text, where no tools are offered and blocks of theirs would be refused."""
    match block:
        case Use():
            return Text(f"(Called {block.name} with {orjson.dumps(block.arguments).decode()}.)")
        case Result():
            return Text(f"(The call returned: {block.text})")
        case _:
            return block


def safe_id(text: str) -> str:
    """A call's id as both providers accept it."""
    return _UNSAFE.sub("_", text)[:64] or "_"


def _image(url: str) -> Image:
    if not url.startswith("data:"):
        return Image(url=url)
    found = _DATA.fullmatch(url)
    if found is None or not _is_base64(found[2]):
        raise failures.rejected("A message has an image whose data is not base64 of an image.")
    return Image(media_type=found[1], data=found[2])


def _is_base64(data: str) -> bool:
    try:
        base64.b64decode(data, validate=True)
    except binascii.Error:
        return False
    return True


def _joined(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def _object(arguments: str | None) -> dict[str, Any]:
    try:
        found = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
