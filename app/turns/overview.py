"""What is in an agent's context window, and how many tokens each part takes."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from app.db.pool import Database, Statement
from app.llm.client import Client
from app.messages import wire
from app.turns import context
from app.turns.rendering import in_view, render
from app.turns.requesting import offered
from app.turns.state import ContextMessage

COUNTS = Statement(
    "count_memories",
    """SELECT (SELECT count(*) FROM messages m WHERE m.agent_id = a.id AND m.role <> 'heartbeat') AS recall,
        coalesce((SELECT r.passage_count FROM archives_agents x JOIN archives r ON r.id = x.archive_id
            WHERE x.agent_id = a.id), 0) AS archival
    FROM agents a WHERE a.org_id = $1 AND a.id = $2""",
)

SECTIONS = {
    name: re.compile(rf"<{name}>.*?</{name}>", re.DOTALL)
    for name in ("memory_blocks", "tool_usage_rules", "memory_metadata")
}


async def overview(db: Database, llm: Client, org_id: UUID, agent_id: UUID) -> dict[str, Any]:
    """Letta's ContextWindowOverview of the agent's own thread. Raises NotFound."""
    agent = await context.load(db, org_id, agent_id)
    counts = await db.row(COUNTS, org_id, agent_id)
    assert counts is not None
    model = agent.llm_config["model"]
    shown = in_view(agent.messages)
    tools = offered(agent)
    compiled = (shown[0].text or "") if shown else ""
    parts = {name: _section(pattern, compiled) for name, pattern in SECTIONS.items()}
    own = compiled
    for part in parts.values():
        own = own.replace(part, "") if part else own
    summary = next((one for one in shown if one.role == "summary"), None)
    said = [message for message in shown[1:] if message.role != "summary"]

    def text(content: str) -> int:
        return llm.tokens.count([{"role": "system", "content": content}], [], model) if content else 0

    counted = {
        "system": text(own.strip()),
        "core_memory": text(parts["memory_blocks"]),
        "tool_usage_rules": text(parts["tool_usage_rules"]),
        "external_memory_summary": text(parts["memory_metadata"]),
        "summary_memory": _count(llm, [summary], agent.timezone, model) if summary else 0,
        "messages": _count(llm, said, agent.timezone, model),
        "functions_definitions": llm.tokens.count([], tools, model) if tools else 0,
        "memory_filesystem": 0,
        "directories": 0,
    }
    return {
        "context_window_size_max": int(agent.llm_config["context_window"]),
        "context_window_size_current": sum(counted.values()),
        "num_messages": len(shown),
        "num_archival_memory": counts["archival"],
        "num_recall_memory": counts["recall"],
        **{f"num_tokens_{name}": tokens for name, tokens in counted.items()},
        "system_prompt": own.strip(),
        "core_memory": parts["memory_blocks"],
        "tool_usage_rules": parts["tool_usage_rules"] or None,
        "external_memory_summary": parts["memory_metadata"],
        "summary_memory": summary.text if summary else None,
        "memory_filesystem": None,
        "directories": None,
        "functions_definitions": tools,
        "messages": [event for message in shown for event in _shown(message)],
    }


def _section(pattern: re.Pattern[str], compiled: str) -> str:
    found = pattern.search(compiled)
    return found[0] if found else ""


def _count(llm: Client, messages: list[ContextMessage], timezone: str, model: str) -> int:
    return llm.tokens.count(render(messages, timezone), [], model) if messages else 0


def _shown(message: ContextMessage) -> list[dict[str, Any]]:
    assert message.id is not None
    names = ("role", "text", "created_at", "seq", "parts", "reasoning", "tool_calls", "tool_returns")
    kept = {name: getattr(message, name) for name in (*names, "approvals")}
    return wire.expand(wire.Stored(id=message.id, **kept))
