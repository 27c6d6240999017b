"""Amazon Bedrock's Converse and ConverseStream, signed with the pod's own role."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import orjson

from app.aws.credentials import CredentialsError, Identity
from app.aws.signing import signed
from app.llm import failures
from app.llm.bedrock_request import body_of
from app.llm.event_stream import frames
from app.llm.gather import BlockGatherer
from app.llm.types import Completion, Delta, Endpoint, Listed, ModelError, Request, ToolCall, Usage
from app.llm.wire import Call

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}

STATUS_OF = {
    "internalServerException": 500,
    "modelStreamErrorException": 502,
    "validationException": 400,
    "throttlingException": 429,
    "serviceUnavailableException": 503,
}
"""Exceptions within a stream have a name and no status."""


class BedrockWire:
    """Bedrock in one region."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._identity = Identity()

    async def chat(self, request: Request, *, stream: bool) -> Call:
        """`POST /model/{id}/converse` or `/converse-stream`, signed for now."""
        action = "converse-stream" if stream else "converse"
        url = f"{self._endpoint.base_url}/model/{quote(request.model, safe='')}/{action}"
        body = orjson.dumps(body_of(request))
        try:
            # The agent that knows the role is asked with blocking calls, every few hours.
            credentials = await asyncio.to_thread(self._identity.credentials)
        except CredentialsError as error:
            raise ModelError(
                "llm_authentication", f"Bedrock cannot be called: {error}.", status=502
            ) from None
        headers = signed(
            "POST",
            url,
            {"content-type": "application/json"},
            body_sha256=hashlib.sha256(body).hexdigest(),
            credentials=credentials,
            region=self._endpoint.region,
            service="bedrock",
        )
        return Call(url, headers, body)

    def completion(self, answer: dict[str, Any]) -> Completion:
        """The answer of Converse."""
        text, reasoning, signature = "", "", ""
        calls: list[ToolCall] = []
        for block in answer["output"]["message"]["content"]:
            if "text" in block:
                text += block["text"]
            elif use := block.get("toolUse"):
                calls.append(ToolCall(use["toolUseId"], use["name"], orjson.dumps(use["input"]).decode()))
            elif thought := (block.get("reasoningContent") or {}).get("reasoningText"):
                reasoning += thought["text"]
                signature = thought.get("signature") or ""
        finish = FINISH.get(answer["stopReason"], "stop")
        return Completion(text, reasoning, tuple(calls), finish, _usage(answer["usage"]), signature)

    async def events(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
        """Events with their type as `type`."""
        async for frame in frames(chunks):
            headers = frame.headers
            name = headers.get(":event-type") or headers.get(":exception-type") or headers[":error-code"]
            yield orjson.loads(frame.payload or b"{}") | {
                "type": name,
                "message-type": headers[":message-type"],
            }

    def gatherer(self) -> Gathered:
        """For one stream."""
        return Gathered()

    async def listing(self) -> None:
        """The role may call models and list none; the settings say which."""
        return

    def listed(self, answer: dict[str, Any]) -> list[Listed]:
        """There is no listing."""
        raise TypeError(answer)

    async def counting(self, request: Request) -> None:  # noqa: ARG002
        """The role may not count tokens."""
        return

    def counted(self, answer: dict[str, Any]) -> int:
        """There is no counting."""
        raise TypeError(answer)


class Gathered(BlockGatherer):
    """Adds up the events of a stream; usage comes after the end."""

    def take(self, event: dict[str, Any]) -> list[Delta]:
        """Add an event; the deltas in it."""
        if event["message-type"] != "event":
            raise failures.refused(STATUS_OF.get(event["type"], 500), str(event.get("message")))
        match event["type"]:
            case "contentBlockStart":
                if use := event["start"].get("toolUse"):
                    self.call(event["contentBlockIndex"], use["toolUseId"], use["name"])
            case "contentBlockDelta":
                self._piece(event["contentBlockIndex"], event["delta"])
            case "messageStop":
                self.finish = FINISH.get(event["stopReason"], "stop")
            case "metadata":
                self.usage = _usage(event["usage"])
            case _:
                pass  # the beginning, ends of blocks, and events that come later
        return self.fresh()

    def completion(self) -> Completion | None:
        """The whole answer."""
        return self.whole()

    def _piece(self, index: int, delta: dict[str, Any]) -> None:
        if "text" in delta:
            self.text(delta["text"])
        elif "toolUse" in delta:
            self.arguments(index, delta["toolUse"]["input"])
        elif thought := delta.get("reasoningContent"):
            self.reasoning(thought.get("text") or "")
            self.signature(thought.get("signature") or "")


def _usage(raw: dict[str, Any]) -> Usage:
    """Bedrock's `usage`: its `inputTokens` are those that no cache knew."""
    cached, written = raw.get("cacheReadInputTokens"), raw.get("cacheWriteInputTokens")
    prompt = raw["inputTokens"] + (cached or 0) + (written or 0)
    completion = raw["outputTokens"]
    return Usage(prompt, completion, prompt + completion, cached, None, written)
