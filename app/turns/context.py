"""From rows to what the model reads: load an agent, compile its prompt when stale, keep the window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from app.agents import prompt
from app.db.pool import Database
from app.errors import NotFound
from app.turns import queries
from app.turns.state import ContextMessage, LoadedAgent, OfferedTool, Turn

FULL, TRIMMED = 0.9, 0.7
"""Shares of the context window: above the first, old messages leave the view until the second."""

BYTES_PER_TOKEN = 4


async def load(db: Database, turn: Turn) -> LoadedAgent:
    """Everything that the turn needs, in one statement. Raises NotFound for an agent deleted meanwhile."""
    if turn.conversation_id is None:
        row = await db.row(queries.LOAD, turn.org_id, turn.agent_id)
    else:
        row = await db.row(queries.LOAD_CONVERSATION, turn.org_id, turn.agent_id, turn.conversation_id)
    if row is None:
        raise NotFound(f"There is no agent agent-{turn.agent_id}, or its conversation was deleted.")
    tools = {
        tool["name"]: OfferedTool(tool["name"], tool["schema"], tool["return_limit"])
        for tool in orjson.loads(row["tools"])
    }
    rules = orjson.loads(row["tool_rules"])
    agent = LoadedAgent(
        llm_config=orjson.loads(row["llm_config"]),
        timezone=row["timezone"],
        response_format=orjson.loads(row["response_format"] or "null"),
        terminal_tools=frozenset(rule["tool_name"] for rule in rules if rule["type"] == "exit_loop"),
        tools=tools,
        messages=[_message(entry) for entry in orjson.loads(row["messages"])],
        context_start=row["context_start"],
    )
    _compile(agent, turn, row)
    _trim(agent)
    return agent


def render(agent: LoadedAgent) -> list[dict[str, Any]]:
    """The messages in OpenAI's shape. A call without a return gets one that says so."""
    rendered: list[dict[str, Any]] = []
    open_calls: list[str] = []
    for message in agent.messages:
        if message.role != "tool":
            rendered += [_lost(call_id) for call_id in open_calls]
            open_calls = [call["id"] for call in message.tool_calls or ()]
        else:
            answered = {one["tool_call_id"] for one in message.tool_returns or ()}
            open_calls = [call_id for call_id in open_calls if call_id not in answered]
        rendered += _rendered(message, agent.timezone)
    return rendered + [_lost(call_id) for call_id in open_calls]


def _message(entry: dict[str, Any]) -> ContextMessage:
    moment = datetime.fromisoformat(entry.pop("created_at"))
    return ContextMessage(created_at=moment, **entry)


def _compile(agent: LoadedAgent, turn: Turn, row: Any) -> None:
    """Compile the system prompt anew when what it shows has changed since."""
    blocks = [prompt.BlockView(**block) for block in orjson.loads(row["blocks"])]
    archive = orjson.loads(row["archive"] or "{}")
    passages, tags = archive.get("passages", 0), archive.get("tags", ())
    key = prompt.key(row["system"], blocks, passages, tags)
    if key == row["prompt_key"] and agent.messages and agent.messages[0].role == "system":
        return
    now = datetime.now(UTC)
    facts = prompt.MemoryFacts(max(row["next_seq"] - 2, 0), passages, tags)
    clock = prompt.clock(now, agent.timezone)
    text = prompt.compile_prompt(f"agent-{turn.agent_id}", row["system"], blocks, facts, clock)
    agent.pending_prompt, agent.pending_key = text, key
    agent.messages[:1] = [ContextMessage(1, "system", text, now)]


def _trim(agent: LoadedAgent) -> None:
    """Move the oldest exchanges out of view when the window is nearly full; searches still find them."""
    window = int(agent.llm_config["context_window"])
    sizes = [_tokens(message) for message in agent.messages]
    fixed = sizes[0] + sum(len(orjson.dumps(tool.schema)) // BYTES_PER_TOKEN for tool in agent.tools.values())
    used = fixed + sum(sizes[1:])
    if used <= window * FULL:
        return
    starts = [n for n, message in enumerate(agent.messages) if n > 1 and message.role == "user"]
    for start in starts:
        if start == starts[-1] or fixed + sum(sizes[start:]) <= window * TRIMMED:
            agent.context_start = agent.messages[start].seq
            agent.messages[1:start] = []
            return


def _tokens(message: ContextMessage) -> int:
    body = [message.text, message.parts, message.tool_calls, message.tool_returns]
    return len(orjson.dumps(body)) // BYTES_PER_TOKEN


def _rendered(message: ContextMessage, timezone: str) -> list[dict[str, Any]]:
    time = prompt.clock(message.created_at, timezone)
    match message.role:
        case "system" if message.seq == 1:
            return [{"role": "system", "content": message.text or ""}]
        case "system":
            return [
                {"role": "user", "content": _packed(type="system_alert", message=message.text, time=time)}
            ]
        case "user":
            text = _packed(type="user_message", message=message.text, time=time)
            return [{"role": "user", "content": _with_images(text, message.parts)}]
        case "tool":
            return [_returned(one, time) for one in message.tool_returns or ()]
        case _:
            return [_assistant(message)]


def _assistant(message: ContextMessage) -> dict[str, Any]:
    rendered: dict[str, Any] = {"role": "assistant", "content": message.text or None}
    if message.tool_calls:
        rendered["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": _valid_json(call["arguments"])},
            }
            for call in message.tool_calls
        ]
    elif not message.text:
        rendered["content"] = ""
    return rendered


def _returned(one: dict[str, Any], time: str) -> dict[str, Any]:
    status = "OK" if one["status"] == "success" else "Failed"
    content = _packed(status=status, message=one["text"], time=time)
    return {"role": "tool", "tool_call_id": one["tool_call_id"], "content": content}


def _lost(call_id: str) -> dict[str, Any]:
    content = _packed(status="Failed", message="The result of this call was lost; whether it ran is unknown.")
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def _with_images(text: str, parts: list[dict[str, Any]] | None) -> str | list[dict[str, Any]]:
    images = [_image(part["source"]) for part in parts or () if part["type"] == "image"]
    return [{"type": "text", "text": text}, *images] if images else text


def _image(source: dict[str, Any]) -> dict[str, Any]:
    data = f"data:{source.get('media_type')};base64,{source.get('data')}"
    return {"type": "image_url", "image_url": {"url": source.get("url") or data}}


def _valid_json(arguments: str) -> str:
    """Some endpoints refuse a history in which the model once wrote broken arguments."""
    try:
        orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return "{}"
    return arguments


def _packed(**fields: str | None) -> str:
    return orjson.dumps(fields).decode()
