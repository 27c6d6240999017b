"""What Bedrock's Converse is asked: one shape for all of its models."""

from __future__ import annotations

import re
from typing import Any

from app.llm import blocks, failures
from app.llm.anthropic_request import MAX_TOKENS, thinks
from app.llm.blocks import Block, Image, Result, Text, Thinking, Use
from app.llm.types import Request

CACHING = re.compile(
    r"amazon\.nova|anthropic\.claude-(3-5-haiku|3-5-sonnet-20241022|3-7|[a-z]+-[4-9])", re.IGNORECASE
)
"""Models that take a cache point; others refuse the whole request."""

POINT = {"cachePoint": {"type": "default"}}
FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}


def body_of(request: Request) -> dict[str, Any]:
    """The body of Converse. Raises ModelError for what it cannot do."""
    if request.options.get("response_format"):
        raise failures.rejected("Models on Bedrock take no response_format here; leave it out.")
    chat, thinking = blocks.chat(request), thinks(request)
    points = [POINT] if CACHING.search(request.model) else []
    messages: list[dict[str, Any]] = [
        {"role": role, "content": content}
        for role, turn in chat.turns
        if (content := [_block(block) for block in turn if thinking or not isinstance(block, Thinking)])
    ]
    messages[-1]["content"] += points
    body: dict[str, Any] = {"messages": messages}
    if chat.system:
        body["system"] = [{"text": chat.system}, *points]
    if request.tools:
        body["toolConfig"] = {"tools": [_tool(tool["function"]) for tool in request.tools]}
        body["toolConfig"] |= _choice(request.options.get("tool_choice"))
    if thinking:
        body["additionalModelRequestFields"] = {"thinking": request.options["thinking"]}
    if limits := _limits(request.options, thinking=thinking):
        body["inferenceConfig"] = limits
    return body


def _choice(choice: Any) -> dict[str, Any]:
    """Converse has no word for `none`, and takes `auto` from silence."""
    if choice == "required":
        return {"toolChoice": {"any": {}}}
    if isinstance(choice, dict):
        return {"toolChoice": {"tool": {"name": choice["function"]["name"]}}}
    return {}


def _limits(options: dict[str, Any], *, thinking: bool) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if options.get("max_tokens"):
        limits["maxTokens"] = options["max_tokens"]
    if thinking:
        # The budget is a part of the answer.
        least = (options["thinking"].get("budget_tokens") or 0) + 1024
        limits["maxTokens"] = max(limits.get("maxTokens", MAX_TOKENS), least)
    elif options.get("temperature") not in {None, 1.0}:
        limits["temperature"] = min(options["temperature"], 1.0)
    return limits


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    name = function["name"]
    return {
        "toolSpec": {
            "name": name,
            "description": function.get("description") or name,
            "inputSchema": {"json": schema},
        }
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text():
            return {"text": block.text}
        case Image():
            if block.media_type not in FORMATS:
                raise failures.rejected(
                    "Models on Bedrock take images as base64 of PNG, JPEG, GIF or WebP, not as URLs."
                )
            return {"image": {"format": FORMATS[block.media_type], "source": {"bytes": block.data}}}
        case Thinking():
            return {"reasoningContent": {"reasoningText": {"text": block.text, "signature": block.signature}}}
        case Use():
            return {"toolUse": {"toolUseId": block.id, "name": block.name, "input": block.arguments}}
        case Result():
            return {"toolResult": {"toolUseId": block.id, "content": [{"text": block.text}]}}
