"""Agents that are to be: what a request refers to is found, and all of it appears together."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from app.agents import prompt, queries, rules, secrets
from app.agents.configs import model_columns
from app.agents.schemas import CreateAgent
from app.blocks.service import rows_for_insert
from app.db.pool import Database, to_json
from app.errors import BadRequest, NotFound
from app.http import ids
from app.messages.rows import NewMessage, rows
from app.models.service import Models
from app.security.encryption import Cipher
from app.tools.base import BASE_TOOLS, DEFAULTS

BASE_NAMES = frozenset(tool.name for tool in BASE_TOOLS)

DIRECT = (
    "name", "description", "system", "compaction_settings", "response_format", "tool_rules", "metadata",
    "tags", "timezone", "max_files_open", "per_file_view_window_char_limit", "hidden", "project_id",
    "template_id", "base_template_id",
)  # fmt: skip
"""Fields of a request that are columns of the same name."""


@dataclass(frozen=True)
class Parts:
    """What an agent refers to by id or name, as found in the database."""

    tools: list[dict[str, Any]]
    blocks: list[dict[str, Any]]

    @property
    def tool_ids(self) -> list[UUID]:
        """The ids of the tools."""
        return [UUID(tool["id"]) for tool in self.tools]


async def create(
    db: Database,
    models: Models,
    cipher: Cipher,
    org_id: UUID,
    body: CreateAgent,
    first: Sequence[NewMessage],
    context_start: int | None = None,
) -> UUID:
    """Create an agent that has a history; the model sees the messages from `context_start` on."""
    body.check()
    columns = await model_columns(models, body)
    names = [*(body.tools or ()), *(DEFAULTS[body.agent_type] if body.include_base_tools else ())]
    parts = await resolve(db, org_id, names, body.tool_ids or [], body.block_ids or [])
    new_blocks = rows_for_insert(body.memory_blocks or [])
    _distinct_labels([block["label"] for block in (*new_blocks, *parts.blocks)])
    agent_id = ids.new()
    now = datetime.now(UTC)
    system = body.system if body.system is not None else prompt.default(body.agent_type)
    views = [_view(block, "char_limit") for block in new_blocks] + [_view(b, "limit") for b in parts.blocks]
    timezone = body.timezone or "UTC"
    tool_rules = _rules(body, parts.tools)
    compiled = prompt.compile_prompt(
        f"agent-{agent_id}",
        system,
        views,
        prompt.MemoryFacts(0, 0, ()),
        prompt.clock(now, timezone),
        tool_rules,
    )
    record = {name: getattr(body, name) for name in DIRECT} | columns
    record |= {
        "id": str(agent_id),
        "name": body.name or _random_name(),
        "agent_type": body.agent_type,
        "system": system,
        "timezone": timezone,
        "tool_rules": tool_rules,
        "metadata": body.metadata or {},
        "tags": sorted(set(body.tags or ())),
        "next_seq": 2 + len(first),
        "context_start": context_start or 2,
        "prompt_key": prompt.key(system, views, 0, (), tool_rules),
    }
    links = [{"n": n, "id": b["id"], "label": b["label"]} for n, b in enumerate((*new_blocks, *parts.blocks))]
    arguments = (
        org_id,
        to_json(record),
        to_json(new_blocks),
        to_json(links),
        parts.tool_ids,
        to_json(rows([NewMessage(role="system", text=compiled), *first])),
    )
    if hidden := secrets.wanted(body):
        async with db.tx() as tx:
            await tx.row(queries.CREATE, *arguments)
            await secrets.store(tx, cipher, org_id, agent_id, hidden)
    else:
        await db.row(queries.CREATE, *arguments)
    return agent_id


async def resolve(
    db: Database, org_id: UUID, names: list[str], tool_ids: list[UUID], block_ids: list[UUID]
) -> Parts:
    """What a request refers to. Raises NotFound, naming what is not there."""
    if not (names or tool_ids or block_ids):
        return Parts([], [])
    row = await db.row(queries.RESOLVE, org_id, names, tool_ids, block_ids)
    assert row is not None
    tools, blocks = orjson.loads(row["tools"]), orjson.loads(row["blocks"])
    _all_found("tool", names, {tool["name"] for tool in tools})
    _all_found("tool", [f"tool-{one}" for one in tool_ids], {f"tool-{tool['id']}" for tool in tools})
    _all_found("block", [f"block-{one}" for one in block_ids], {f"block-{block['id']}" for block in blocks})
    order = {str(block_id): n for n, block_id in enumerate(block_ids)}
    blocks = sorted(blocks, key=lambda block: order[str(block["id"])])
    return Parts(tools, blocks)


def _rules(body: CreateAgent, tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The client's rules, those of the agent's type, and those for tools that ask for approval."""
    given = body.tool_rules or []
    base = {tool["name"] for tool in tools} & BASE_NAMES
    usual = rules.defaults(body.agent_type, base, wanted=body.include_base_tool_rules)
    return [*rules.merged(given, usual), *_approvals(tools, given)]


def _approvals(tools: list[dict[str, Any]], stated: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules for tools that ask for approval by default, where the client gave none."""
    given = {rule["tool_name"] for rule in stated if rule["type"] == "requires_approval"}
    return [
        {"type": "requires_approval", "tool_name": tool["name"], "prompt_template": None}
        for tool in sorted(tools, key=lambda tool: tool["name"])
        if tool["approval"] and tool["name"] not in given
    ]


def _all_found(kind: str, wanted: list[str], found: set[str]) -> None:
    absent = sorted(set(wanted) - found)
    if absent:
        raise NotFound(
            f"There is no {kind} {', '.join(map(repr, absent))}; list the {kind}s to see what exists."
        )


def _distinct_labels(labels: list[str]) -> None:
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise BadRequest(
            f"An agent has one block per label; given more than once: {', '.join(map(repr, twice))}."
        )


def _view(block: dict[str, Any], limit: str) -> prompt.BlockView:
    return prompt.BlockView(
        block["label"], block["value"], block[limit], block["description"], bool(block["read_only"])
    )


def _random_name() -> str:
    adjectives = ("amber", "brisk", "calm", "deft", "eager", "fond", "glad", "keen", "lucid", "quiet", "tidy")
    animals = ("badger", "crane", "dove", "finch", "heron", "ibis", "lynx", "otter", "robin", "swift", "wren")
    pick = random.Random()  # noqa: S311
    return f"{pick.choice(adjectives)}-{pick.choice(animals)}-{pick.randrange(1000)}"
