"""Writes an agent file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from app.agentfiles import queries
from app.agentfiles.messages import outwards
from app.agents import service as agents
from app.db.pool import Database

NEWEST = 1000
"""How many messages of a thread a file has at most."""

AGENT_FIELDS = (
    "name", "agent_type", "description", "system", "model", "embedding", "llm_config", "embedding_config",
    "model_settings", "compaction_settings", "response_format", "tool_rules", "tags", "metadata", "timezone",
    "max_files_open", "per_file_view_window_char_limit",
)  # fmt: skip
BLOCK_FIELDS = ("label", "value", "limit", "description", "read_only", "metadata", "tags")
TOOL_FIELDS = (
    "name", "tool_type", "description", "source_type", "source_code", "json_schema", "tags",
    "return_char_limit", "default_requires_approval",
)  # fmt: skip


async def export(
    db: Database, org_id: UUID, agent_id: UUID, conversation_id: UUID | None, *, messages: bool
) -> bytes:
    """The file of one agent, indented; secrets are named and their values left out. Raises NotFound."""
    state: dict[str, Any] = orjson.loads(await agents.get(db, org_id, agent_id))
    rows: list[dict[str, Any]] = []
    if messages:
        arguments = (org_id, agent_id, conversation_id, NEWEST)
        rows = [outwards(row) for row in orjson.loads(await db.value(queries.MESSAGES, *arguments))]
    names = {row["id"]: f"message-{n}" for n, row in enumerate(rows)}
    for row in rows:
        row["id"] = names[row["id"]]
    blocks = [
        {"id": f"block-{n}"} | {name: block[name] for name in BLOCK_FIELDS}
        for n, block in enumerate(state["blocks"])
    ]
    tools = [
        {"id": f"tool-{n}"} | {name: tool[name] for name in TOOL_FIELDS}
        for n, tool in enumerate(state["tools"])
    ]
    seen = state["message_ids"] if conversation_id is None else list(names)
    agent = {"id": "agent-0"} | {name: state[name] for name in AGENT_FIELDS}
    agent |= {
        "block_ids": [block["id"] for block in blocks],
        "tool_ids": [tool["id"] for tool in tools],
        "include_base_tools": False,
        "tool_exec_environment_variables": {secret["key"]: "" for secret in state["secrets"]},
        "in_context_message_ids": [names[one] for one in seen if one in names],
        "messages": rows,
        "files_agents": [],
        "group_ids": [],
    }
    document = {
        "agents": [agent],
        "groups": [],
        "blocks": blocks,
        "files": [],
        "sources": [],
        "tools": tools,
        "mcp_servers": [],
        "metadata": {},
        "created_at": datetime.now(UTC).isoformat(),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)
