"""What Bedrock's Converse is asked: one shape for all of its models."""

from __future__ import annotations

import re
from typing import Any

from app.llm import blocks, failures
from app.llm.anthropic_request import thinks
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
    chat = blocks.chat(request)
    given, thinking = request.options, thinks(request)
    caching = [POINT] if CACHING.search(request.model) else []
    body: dict[str, Any] = {
        "messages": [
            {"role": role, "content": content}
            for role, turn in chat.turns
            if (content := [_block(block) for block in turn if thinking or not isinstance(block, Thinking)])
        ]
    }
    if chat.system:
        body["system"] = [{"text": chat.system}, *caching]
    if request.tools:
        body["toolConfig"] = {"tools": [_tool(tool["function"]) for tool in request.tools]}
        choice = given.get("tool_choice", "auto")
        if choice == "required":
            body["toolConfig"]["toolChoice"] = {"any": {}}
        elif isinstance(choice, dict):
            body["toolConfig"]["toolChoice"] = {"tool": {"name": choice["function"]["name"]}}
    limits: dict[str, Any] = {}
    if given.get("max_tokens"):
        limits["maxTokens"] = given["max_tokens"]
    if thinking:
        body["additionalModelRequestFields"] = {"thinking": given["thinking"]}
    elif given.get("temperature") not in {None, 1.0}:
        limits["temperature"] = min(given["temperature"], 1.0)
    if limits:
        body["inferenceConfig"] = limits
    if given.get("response_format"):
        raise failures.rejected("Models on Bedrock take no response_format here; leave it out.")
    return body


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
