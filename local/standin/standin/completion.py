"""Chat completions in OpenAI's wire format, whole and streamed."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from . import CHAT_MODEL, FINGERPRINT
from .arguments import arguments_for
from .conversation import Conversation, read_conversation
from .errors import BadRequestError, UnknownModelError
from .rules import Call, Say, decide

_ARGUMENT_PIECE = 12
"""Characters of a tool call's arguments per streamed chunk."""


@dataclass(frozen=True)
class Completion:
    """One decided answer, ready to be sent either way."""

    id: str
    created: int
    pieces: tuple[str, ...]
    """The text, in the pieces that a stream sends; empty for a tool call."""
    delay: float
    call: dict[str, Any] | None
    finish_reason: str
    usage: dict[str, int]


def complete(request: Mapping[str, Any]) -> Completion:
    """Decide the answer to a request body. Raises RequestError."""
    if request.get("model") != CHAT_MODEL:
        raise UnknownModelError(
            f"There is no model {request.get('model')!r} here: the scripted stand-in offers {CHAT_MODEL!r}.",
            "model",
        )
    if request.get("n") not in (None, 1):
        raise BadRequestError("`n` must be 1: a scripted answer is always the same.", "n")
    choice = request.get("tool_choice") or "auto"
    tools = [] if choice == "none" else request.get("tools") or []
    conversation = read_conversation(request.get("messages") or [], tools)
    decision = _obey_tool_choice(decide(conversation), choice, conversation)
    digest = hashlib.sha256(orjson.dumps([request["messages"], len(request["messages"])])).hexdigest()[:24]
    return _completion(decision, request, digest)


def _obey_tool_choice(decision: Say | Call, choice: Any, conversation: Conversation) -> Say | Call:
    """A forced tool is called; where some tool is required, text goes through send_message if offered."""
    forced: str | None = choice["function"]["name"] if isinstance(choice, dict) else None
    if forced is None and choice != "required":
        return decision
    if isinstance(decision, Call) and forced in (None, decision.tool):
        return decision
    tool = forced or (
        "send_message" if "send_message" in conversation.tools else next(iter(conversation.tools), "")
    )
    if tool not in conversation.tools:
        raise BadRequestError(
            f"`tool_choice` asks for {forced or 'a tool'}, which `tools` lacks.", "tool_choice"
        )
    text = decision.text if isinstance(decision, Say) else conversation.user_text
    known = {"message": text, "content": text, "new_string": text, "query": text, "label": "human"}
    return Call(tool, arguments_for(conversation.tools[tool], known))


def _completion(decision: Say | Call, request: Mapping[str, Any], digest: str) -> Completion:
    prompt_tokens = _tokens(orjson.dumps([request["messages"], request.get("tools")]).decode())
    if isinstance(decision, Call):
        arguments = orjson.dumps(decision.arguments).decode()
        call = {
            "id": f"call_{digest}",
            "type": "function",
            "function": {"name": decision.tool, "arguments": arguments},
        }
        usage = _usage(prompt_tokens, _tokens(arguments))
        return Completion(f"chatcmpl-{digest}", int(time.time()), (), 0.0, call, "tool_calls", usage)
    pieces = re.findall(r"\S+\s*|\s+", decision.text)
    limit = request.get("max_completion_tokens") or request.get("max_tokens") or len(pieces)
    finish = "length" if limit < len(pieces) else "stop"
    kept = tuple(pieces[:limit])
    usage = _usage(prompt_tokens, len(kept))
    return Completion(f"chatcmpl-{digest}", int(time.time()), kept, decision.delay, None, finish, usage)


def _tokens(text: str) -> int:
    """About what a real tokenizer would count."""
    return len(text) // 4 + 1


def _usage(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


async def whole_body(completion: Completion) -> dict[str, Any]:
    """The body of an answer that is not streamed, after the time that streaming it would take."""
    await asyncio.sleep(completion.delay * len(completion.pieces))
    message: dict[str, Any] = {"role": "assistant", "content": "".join(completion.pieces) or None}
    if completion.call is not None:
        message["tool_calls"] = [completion.call]
    choice = {"index": 0, "message": message, "finish_reason": completion.finish_reason, "logprobs": None}
    return {**_envelope(completion, "chat.completion"), "choices": [choice], "usage": completion.usage}


async def stream_body(completion: Completion, *, include_usage: bool) -> AsyncIterator[bytes]:
    """Server-sent events: a chunk per word or piece of arguments, the finish reason, the usage, `[DONE]`."""
    envelope = _envelope(completion, "chat.completion.chunk")
    if include_usage:
        envelope["usage"] = None

    def event(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _event({**envelope, "choices": [choice]})

    yield event({"role": "assistant", "content": None if completion.call else ""})
    for piece in completion.pieces:
        yield event({"content": piece})
        await asyncio.sleep(completion.delay)
    if completion.call is not None:
        for delta in _call_deltas(completion.call):
            yield event({"tool_calls": [delta]})
    yield event({}, completion.finish_reason)
    if include_usage:
        yield _event({**envelope, "choices": [], "usage": completion.usage})
    yield b"data: [DONE]\n\n"


def _call_deltas(call: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The call's name first, then its arguments in pieces, as real models send them."""
    function = call["function"]
    arguments: str = function["arguments"]
    head = {**call, "index": 0, "function": {"name": function["name"], "arguments": ""}}
    pieces = [arguments[at : at + _ARGUMENT_PIECE] for at in range(0, len(arguments), _ARGUMENT_PIECE)]
    return [head, *({"index": 0, "function": {"arguments": piece}} for piece in pieces)]


def _envelope(completion: Completion, kind: str) -> dict[str, Any]:
    return {
        "id": completion.id,
        "object": kind,
        "created": completion.created,
        "model": CHAT_MODEL,
        "system_fingerprint": FINGERPRINT,
    }


def _event(body: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"
