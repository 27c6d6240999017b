"""Anthropic's Messages API: requests, answers, streams, models, token counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from app.llm import failures, sse
from app.llm.anthropic_request import options, prompt
from app.llm.gather import BlockGatherer
from app.llm.types import Completion, Delta, Endpoint, Listed, Request, ToolCall, Usage
from app.llm.wire import Call

VERSION = "2023-06-01"
FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}

STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""Errors within a stream have a type and no status."""


class AnthropicWire:
    """Anthropic's endpoint, or one that speaks the same."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._headers = {"content-type": "application/json", "anthropic-version": VERSION}
        if endpoint.api_key:
            self._headers["x-api-key"] = endpoint.api_key

    async def chat(self, request: Request, *, stream: bool) -> Call:
        """`POST /v1/messages`."""
        body = prompt(request) | options(request)
        if stream:
            body["stream"] = True
        return self._post("messages", body)

    def completion(self, answer: dict[str, Any]) -> Completion:
        """A `message`."""
        text, reasoning, signature = "", "", ""
        calls: list[ToolCall] = []
        for block in answer["content"]:
            match block["type"]:
                case "text":
                    text += block["text"]
                case "thinking":
                    reasoning += block["thinking"]
                    signature = block.get("signature") or ""
                case "tool_use":
                    calls.append(ToolCall(block["id"], block["name"], orjson.dumps(block["input"]).decode()))
                case _:
                    pass  # redacted thinking and whatever comes later have nothing to show
        finish = FINISH.get(answer["stop_reason"], "stop")
        return Completion(text, reasoning, tuple(calls), finish, _usage(answer["usage"]), signature)

    async def events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
        """Server-sent events; each says its type in its data, too."""
        async for data in sse.events(chunks):
            yield orjson.loads(data)

    def gatherer(self) -> Gathered:
        """For one stream."""
        return Gathered()

    async def listing(self) -> Call:
        """`GET /v1/models`, all of them on one page."""
        return Call(f"{self._endpoint.base_url}/models?limit=1000", self._headers)

    def listed(self, answer: dict[str, Any]) -> list[Listed]:
        """Models with their limits."""
        return [
            Listed(entry["id"], entry.get("max_input_tokens"), entry.get("max_tokens"))
            for entry in answer["data"]
        ]

    async def counting(self, request: Request) -> Call:
        """`POST /v1/messages/count_tokens`, which costs nothing."""
        return self._post("messages/count_tokens", prompt(request))

    def counted(self, answer: dict[str, Any]) -> int:
        """The count."""
        return int(answer["input_tokens"])

    def _post(self, path: str, body: dict[str, Any]) -> Call:
        return Call(f"{self._endpoint.base_url}/{path}", self._headers, orjson.dumps(body))


class Gathered(BlockGatherer):
    """Adds up the events of a stream."""

    def take(self, event: dict[str, Any]) -> list[Delta]:
        """Add an event; the deltas in it."""
        match event["type"]:
            case "message_start":
                self.usage = _usage(event["message"]["usage"])
            case "content_block_start" if event["content_block"]["type"] == "tool_use":
                self.call(event["index"], event["content_block"]["id"], event["content_block"]["name"])
            case "content_block_start":
                self.text(event["content_block"].get("text") or "")
            case "content_block_delta":
                self._piece(event["index"], event["delta"])
            case "message_delta":
                self.usage = _usage(event.get("usage") or {}, self.usage)
                reason = event["delta"].get("stop_reason")
                self.finish = FINISH.get(reason, "stop") if reason else self.finish
            case "error":
                kind = event["error"].get("type") or ""
                raise failures.refused(STATUS_OF.get(kind, 500), orjson.dumps(event["error"]).decode())
            case _:
                pass  # pings, ends of blocks, and events that come later
        return self.fresh()

    def completion(self) -> Completion | None:
        """The whole answer."""
        return self.whole()

    def _piece(self, index: int, delta: dict[str, Any]) -> None:
        match delta["type"]:
            case "text_delta":
                self.text(delta["text"])
            case "thinking_delta":
                self.reasoning(delta["thinking"])
            case "signature_delta":
                self.signature(delta["signature"])
            case "input_json_delta":
                self.arguments(index, delta["partial_json"])
            case _:
                pass


def _usage(raw: dict[str, Any], before: Usage | None = None) -> Usage:
    """Anthropic's `usage`: its `input_tokens` are those that no cache knew; a later one adds to it."""
    known = before or Usage()
    cached = raw.get("cache_read_input_tokens") or known.cached
    written = raw.get("cache_creation_input_tokens") or known.cache_write
    prompt = known.prompt
    if raw.get("input_tokens") is not None:
        prompt = int(raw["input_tokens"]) + (cached or 0) + (written or 0)
    completion = int(raw.get("output_tokens") or known.completion)
    return Usage(prompt, completion, prompt + completion, cached, known.reasoning, written)
