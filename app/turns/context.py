"""From rows to what the model reads: load an agent, compile its prompt when it is stale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from app.agents import prompt
from app.agents.compaction import CompactionSettings
from app.agents.rules import TALK_BY_TOOLS
from app.db.pool import Database
from app.errors import NotFound
from app.turns import queries
from app.turns.rules import Rules
from app.turns.state import ContextMessage, LoadedAgent, OfferedTool

CLIENT_RETURN_LIMIT = 50_000
"""Characters of what a client's own tool returned."""


async def load(
    db: Database,
    org_id: UUID,
    agent_id: UUID,
    conversation_id: UUID | None = None,
    client_tools: Sequence[dict[str, Any]] = (),
) -> LoadedAgent:
    """Everything that a turn needs, in one statement. Raises NotFound for an agent deleted meanwhile."""
    if conversation_id is None:
        row = await db.row(queries.LOAD, org_id, agent_id)
    else:
        row = await db.row(queries.LOAD_CONVERSATION, org_id, agent_id, conversation_id)
    if row is None:
        raise NotFound(f"There is no agent agent-{agent_id}, or its conversation was deleted.")
    tools = {
        tool["name"]: OfferedTool(tool["name"], tool["schema"], tool["return_limit"])
        for tool in orjson.loads(row["tools"])
    }
    messages = [_message(entry) for entry in orjson.loads(row["messages"])]
    agent = LoadedAgent(
        llm_config=orjson.loads(row["llm_config"]),
        timezone=row["timezone"],
        response_format=orjson.loads(row["response_format"] or "null"),
        tools=tools,
        messages=messages,
        context_start=row["context_start"],
        rules=Rules(orjson.loads(row["tool_rules"])).noted(_returns_of_turn(messages)),
        talks_by_tools=row["agent_type"] in TALK_BY_TOOLS,
        client_tools={tool["name"]: _client_tool(tool) for tool in client_tools},
        next_seq=row["next_seq"],
        compaction=CompactionSettings.model_validate(orjson.loads(row["compaction_settings"] or "{}")),
    )
    _compile(agent, agent_id, row)
    return agent


def _message(entry: dict[str, Any]) -> ContextMessage:
    moment = datetime.fromisoformat(entry.pop("created_at"))
    run_id = entry.pop("run_id")
    return ContextMessage(
        created_at=moment, id=UUID(entry.pop("id")), run_id=UUID(run_id) if run_id else None, **entry
    )


def _client_tool(tool: dict[str, Any]) -> OfferedTool:
    parameters = tool.get("parameters") or {"type": "object", "properties": {}}
    schema = {"name": tool["name"], "description": tool.get("description") or "", "parameters": parameters}
    return OfferedTool(tool["name"], schema, CLIENT_RETURN_LIMIT)


def _returns_of_turn(messages: list[ContextMessage]) -> list[dict[str, Any]]:
    """What tools have returned since the user last said something: the history that the rules go by."""
    returns: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "user":
            returns.clear()
        returns += message.tool_returns or ()
    return returns


def _compile(agent: LoadedAgent, agent_id: UUID, row: Any) -> None:
    """Compile the system prompt anew when what it shows has changed since."""
    blocks = [prompt.BlockView(**block) for block in orjson.loads(row["blocks"])]
    archive = orjson.loads(row["archive"] or "{}")
    passages, tags = archive.get("passages", 0), archive.get("tags", ())
    rules = orjson.loads(row["tool_rules"])
    key = prompt.key(row["system"], blocks, passages, tags, rules)
    if key == row["prompt_key"] and agent.messages and agent.messages[0].role == "system":
        return
    now = datetime.now(UTC)
    facts = prompt.MemoryFacts(max(row["next_seq"] - 2, 0), passages, tags)
    clock = prompt.clock(now, agent.timezone)
    text = prompt.compile_prompt(f"agent-{agent_id}", row["system"], blocks, facts, clock, rules)
    agent.pending_prompt, agent.pending_key = text, key
    agent.messages[:1] = [ContextMessage(1, "system", text, now)]
