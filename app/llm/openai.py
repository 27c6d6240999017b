"""OpenAI's chat completions: OpenAI itself, vLLM with its additions, and everybody who speaks the same."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import orjson

from app.llm import failures, sse
from app.llm.types import Completion, Delta, Endpoint, Listed, Request, ToolCall, Usage
from app.llm.wire import Call

OFFICIAL = "https://api.openai.com/"
REASONER = re.compile(r"(o\d|gpt-5)")
"""OpenAI's models that refuse sampling options."""


class OpenAiWire:
    """One OpenAI-compatible endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._headers = {"content-type": "application/json"}
        if endpoint.api_key:
            self._headers["authorization"] = f"Bearer {endpoint.api_key}"

    async def chat(self, request: Request, *, stream: bool) -> Call:
        """`POST /chat/completions`."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": _messages(request.messages),
            **self._options(request),
        }
        if request.tools:
            body["tools"] = request.tools
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return self.post("chat/completions", body)

    def completion(self, answer: dict[str, Any]) -> Completion:
        """A `chat.completion`."""
        choice = answer["choices"][0]
        message = choice["message"]
        calls = tuple(
            ToolCall(
                call.get("id") or "", call["function"]["name"], call["function"].get("arguments") or "{}"
            )
            for call in message.get("tool_calls") or ()
        )
        return Completion(
            _text(message),
            message.get("reasoning_content") or message.get("reasoning") or "",
            calls,
            choice.get("finish_reason") or "stop",
            usage_of(answer.get("usage")),
        )

    async def events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
        """Server-sent events until `[DONE]`."""
        async for data in sse.events(chunks):
            if data == b"[DONE]":
                return
            yield orjson.loads(data)

    def gatherer(self) -> Gathered:
        """For `chat.completion.chunk` objects."""
        return Gathered()

    async def listing(self) -> Call:
        """`GET /models`."""
        return Call(f"{self._endpoint.base_url}/models", self._headers)

    def listed(self, answer: dict[str, Any]) -> list[Listed]:
        """`max_model_len` is vLLM's; OpenAI says nothing about windows."""
        return [
            Listed(entry["id"], entry.get("max_model_len"))
            for entry in answer["data"]
            if isinstance(entry, dict) and isinstance(entry.get("id"), str)
        ]

    async def counting(self, request: Request) -> Call | None:
        """vLLM's `/tokenize`, which applies the chat template too."""
        if self._endpoint.kind != "vllm":
            return None
        body: dict[str, Any] = {"model": request.model, "messages": _messages(request.messages)}
        if request.tools:
            body["tools"] = request.tools
        root = self._endpoint.base_url.removesuffix("/v1")
        return Call(f"{root}/tokenize", self._headers, orjson.dumps(body))

    def counted(self, answer: dict[str, Any]) -> int:
        """vLLM's `count`."""
        return int(answer["count"])

    def post(self, path: str, body: dict[str, Any]) -> Call:
        """A call with a JSON body."""
        return Call(f"{self._endpoint.base_url}/{path}", self._headers, orjson.dumps(body))

    def _options(self, request: Request) -> dict[str, Any]:
        options = {name: value for name, value in request.options.items() if name != "thinking"}
        if not self._endpoint.base_url.startswith(OFFICIAL):
            return options
        if "max_tokens" in options:
            options["max_completion_tokens"] = options.pop("max_tokens")
        if REASONER.match(request.model):
            for name in ("temperature", "frequency_penalty"):
                options.pop(name, None)
        return options


class Gathered:
    """Adds up the chunks of a streamed answer; parallel calls are told apart by `index`."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, list[str]] = {}  # index -> id, name, argument pieces
        self._usage = Usage()
        self._finish = ""

    def take(self, event: dict[str, Any]) -> list[Delta]:
        """Add a chunk; the deltas in it."""
        if error := event.get("error"):
            code = error.get("code") if isinstance(error, dict) else None
            raise failures.refused(code if isinstance(code, int) else 500, str(error))
        if event.get("usage"):
            self._usage = usage_of(event["usage"])
        deltas: list[Delta] = []
        for choice in event.get("choices") or ():
            self._finish = choice.get("finish_reason") or self._finish
            delta = choice.get("delta") or {}
            if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
                self._reasoning.append(reasoning)
                deltas.append(Delta(reasoning=reasoning))
            if text := _text(delta):
                self._text.append(text)
                deltas.append(Delta(text=text))
            deltas += [self._call(call) for call in delta.get("tool_calls") or ()]
        return deltas

    def completion(self) -> Completion | None:
        """The whole answer."""
        if not self._finish:
            return None
        calls = tuple(
            ToolCall(kept[0] or f"call-{index}", kept[1], "".join(kept[2:]) or "{}")
            for index, kept in sorted(self._calls.items())
        )
        return Completion("".join(self._text), "".join(self._reasoning), calls, self._finish, self._usage)

    def _call(self, call: dict[str, Any]) -> Delta:
        index = self._index(call)
        function = call.get("function") or {}
        kept = self._calls.setdefault(index, ["", ""])
        kept[0] = kept[0] or call.get("id") or ""
        kept[1] = kept[1] or function.get("name") or ""
        piece = function.get("arguments") or ""
        kept.append(piece)
        name = function.get("name") or ""
        return Delta(tool_index=index, tool_id=kept[0], tool_name=name, tool_arguments=piece)

    def _index(self, call: dict[str, Any]) -> int:
        """Some endpoints leave `index` out: then a new id begins a new call."""
        if call.get("index") is not None:
            return int(call["index"])
        last = max(self._calls, default=-1)
        known = self._calls[last][0] if self._calls else None
        return last if known is not None and call.get("id") in {None, "", known} else last + 1


def usage_of(raw: Any) -> Usage:
    """OpenAI's `usage`, whose `prompt_tokens` include the cached ones."""
    if not isinstance(raw, dict):
        return Usage()
    prompt, completion = int(raw.get("prompt_tokens") or 0), int(raw.get("completion_tokens") or 0)
    return Usage(
        prompt,
        completion,
        int(raw.get("total_tokens") or prompt + completion),
        (raw.get("prompt_tokens_details") or {}).get("cached_tokens"),
        (raw.get("completion_tokens_details") or {}).get("reasoning_tokens"),
    )


def _messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without `thinking`, which is not OpenAI's."""
    if not any("thinking" in message for message in messages):
        return messages
    return [{name: value for name, value in message.items() if name != "thinking"} for message in messages]


def _text(message: dict[str, Any]) -> str:
    """`content` as text or as parts; a refusal is an answer, too."""
    content = message.get("content") or message.get("refusal") or ""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if part.get("type") == "text")
    return content
