"""What Anthropic's Messages API is asked: the prompt with its cache marks, and the options of the answer."""

from __future__ import annotations

from typing import Any

from app.llm import blocks, failures
from app.llm.blocks import Block, Image, Result, Text, Thinking, Use
from app.llm.types import Request

MAX_TOKENS = 8192
"""Of an answer, when the agent's settings do not say: this API wants a number."""

CACHED = {"cache_control": {"type": "ephemeral"}}


def thinks(request: Request) -> bool:
    """Whether the model may think aloud: not when a tool is forced, nor when earlier thoughts are lost."""
    thinking = request.options.get("thinking") or {}
    if thinking.get("type", "disabled") == "disabled":
        return False
    if request.options.get("tool_choice", "auto") not in {"auto", "none"}:
        return False
    last = next((m for m in reversed(request.messages) if m["role"] not in {"tool", "system"}), {})
    return not last.get("tool_calls") or "thinking" in last


def prompt(request: Request) -> dict[str, Any]:
    """What is read, with marks up to where it stays the same: tools and system prompt, then the history."""
    chat = blocks.chat(request)
    thinking = thinks(request)
    messages: list[dict[str, Any]] = [
        {"role": role, "content": content}
        for role, turn in chat.turns
        if (content := [_block(block) for block in turn if thinking or not isinstance(block, Thinking)])
    ]
    messages[-1]["content"][-1] |= CACHED
    body: dict[str, Any] = {"model": request.model, "messages": messages}
    if chat.system:
        body["system"] = [{"type": "text", "text": chat.system} | CACHED]
    if request.tools:
        body["tools"] = [_tool(tool["function"]) for tool in request.tools]
    if thinking:
        body["thinking"] = request.options["thinking"]
    return body


def options(request: Request) -> dict[str, Any]:
    """How to answer. Raises ModelError for what this API cannot do."""
    given = request.options
    chosen: dict[str, Any] = {"max_tokens": given.get("max_tokens") or MAX_TOKENS}
    if thinks(request):
        budget = given["thinking"].get("budget_tokens") or 0
        chosen["max_tokens"] = max(chosen["max_tokens"], budget + 1024)  # the budget is a part of it
    elif given.get("temperature") not in {None, 1.0}:
        chosen["temperature"] = min(given["temperature"], 1.0)
    if request.tools and (choice := given.get("tool_choice")):
        chosen["tool_choice"] = _choice(choice, parallel=given.get("parallel_tool_calls") is not False)
    if wanted := given.get("response_format"):
        chosen["output_config"] = {"format": _format(wanted)}
    return chosen


def _choice(choice: Any, *, parallel: bool) -> dict[str, Any]:
    if choice == "none":
        return {"type": "none"}
    kinds = {"auto": "auto", "required": "any"}
    chosen = (
        {"type": kinds.get(choice, "auto")}
        if isinstance(choice, str)
        else {"type": "tool", "name": choice["function"]["name"]}
    )
    return chosen if parallel else chosen | {"disable_parallel_tool_use": True}


def _format(wanted: dict[str, Any]) -> dict[str, Any]:
    if wanted.get("type") != "json_schema":
        raise failures.rejected(
            f"Anthropic's models take a response_format of type json_schema, not {wanted.get('type')!r}."
        )
    return {"type": "json_schema", "schema": wanted["json_schema"]["schema"]}


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    empty = {"type": "object", "properties": {}}
    return {
        "name": function["name"],
        "description": function.get("description") or "",
        "input_schema": function.get("parameters") or empty,
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text():
            return {"type": "text", "text": block.text}
        case Image(url=""):
            source = {"type": "base64", "media_type": block.media_type, "data": block.data}
            return {"type": "image", "source": source}
        case Image():
            return {"type": "image", "source": {"type": "url", "url": block.url}}
        case Thinking():
            return {"type": "thinking", "thinking": block.text, "signature": block.signature}
        case Use():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.arguments}
        case Result():
            return {"type": "tool_result", "tool_use_id": block.id, "content": block.text}
