"""Agents: reading, changing, and what is attached to them. What makes one is in `creating`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from app.agents import creating, queries, secrets
from app.agents.configs import MODEL_FIELDS, changed_columns
from app.agents.creating import DIRECT
from app.agents.schemas import CreateAgent, UpdateAgent
from app.db import keyset
from app.db.pool import Database, Statement, array, to_json
from app.errors import NotFound
from app.messages.rows import NewMessage
from app.models.service import Models
from app.security.encryption import Cipher

ALL = frozenset(queries.RELATIONS)

NOT_NULL = {"name", "system", "tool_rules", "metadata", "tags", "timezone"}
JSON = {name for name, kind in queries.COLUMNS.items() if kind == "jsonb"}


async def get(db: Database, org_id: UUID, agent_id: UUID, include: frozenset[str] = ALL) -> str:
    """Letta's AgentState as JSON, in one statement. Raises NotFound."""
    found = await db.value(queries.GET, org_id, agent_id, *_relations(include))
    if found is None:
        raise missing(agent_id)
    return found


async def ensure(db: Database, org_id: UUID, agent_id: UUID) -> None:
    """Raise NotFound unless the agent exists."""
    if await db.value(queries.EXISTS, org_id, agent_id) is None:
        raise missing(agent_id)


def missing(agent_id: UUID) -> NotFound:
    """The error for an agent that is not there."""
    return NotFound(f"There is no agent agent-{agent_id}.")


async def list_all(
    db: Database,
    org_id: UUID,
    page: keyset.Page,
    order_by: str,
    filters: dict[str, Any],
    include: frozenset[str],
) -> bytes:
    """Agents as a JSON array. `filters` are keys of `queries.FILTERS`; None means absent."""
    listing = keyset.Listing(
        name="list_agents",
        table="agents",
        select=queries.LIST_SELECT,
        scope="{0}.org_id = $1",
        order=queries.ORDERS[order_by],
        kind="agent",
    )
    args: list[object] = [org_id, *_relations(include)]
    where: list[str] = []
    for name, value in filters.items():
        if value is not None:
            args.append(value)
            where.append(queries.FILTERS[name].format(f"${len(args)}"))
    return array(await keyset.fetch(db, listing, page, args, where))


async def count(db: Database, org_id: UUID) -> int:
    """How many agents the organisation has."""
    return await db.value(queries.COUNT, org_id)


async def create(db: Database, models: Models, cipher: Cipher, org_id: UUID, body: CreateAgent) -> str:
    """Create an agent with its blocks, tools and first messages; they appear together or not at all."""
    first = [NewMessage.of(message) for message in body.initial_message_sequence or ()]
    return await get(db, org_id, await creating.create(db, models, cipher, org_id, body, first))


async def update(
    db: Database, models: Models, cipher: Cipher, org_id: UUID, agent_id: UUID, body: UpdateAgent
) -> str:
    """Change an agent. Raises NotFound. The system prompt is compiled anew before the next turn."""
    body.check()
    given = body.given()
    values = {
        name: given[name]
        for name in DIRECT
        if name in given and (given[name] is not None or name not in NOT_NULL)
    }
    if "tags" in values:
        values["tags"] = sorted(set(values["tags"]))
    if given.keys() & {*MODEL_FIELDS, "embedding", "embedding_config"}:
        current = await db.value(queries.LLM_CONFIG, org_id, agent_id)
        if current is None:
            raise missing(agent_id)
        values |= await changed_columns(models, body, orjson.loads(current))
    names = sorted(values)
    arguments = [to_json(values[n]) if n in JSON and values[n] is not None else values[n] for n in names]
    parts = await creating.resolve(db, org_id, [], body.tool_ids or [], body.block_ids or [])
    hidden = secrets.wanted(body)
    async with db.tx() as tx:
        if await tx.value(queries.update(names), org_id, agent_id, *arguments) is None:
            raise missing(agent_id)
        if body.block_ids is not None:
            await tx.rows(queries.SET_BLOCKS, org_id, agent_id, body.block_ids)
        if body.tool_ids is not None:
            await tx.rows(queries.SET_TOOLS, org_id, agent_id, parts.tool_ids)
        if hidden is not None:
            await secrets.store(tx, cipher, org_id, agent_id, hidden)
    return await get(db, org_id, agent_id)


async def delete(db: Database, org_id: UUID, agent_id: UUID) -> None:
    """Delete an agent with its messages, runs and own archive. Its blocks stay. Raises NotFound."""
    if await db.value(queries.DELETE, org_id, agent_id) is None:
        raise missing(agent_id)


async def link(
    db: Database, statement: Statement, org_id: UUID, agent_id: UUID, other: UUID, kind: str
) -> str:
    """Attach or detach a block or tool by one of the ATTACH/DETACH statements; the agent afterwards."""
    if await db.value(statement, org_id, agent_id, other) is None:
        raise NotFound(
            f"The agent agent-{agent_id} or the {kind}-{other} does not exist, or they are not attached."
        )
    return await get(db, org_id, agent_id)


def _relations(include: frozenset[str]) -> tuple[bool, ...]:
    return tuple(relation in include for relation in queries.RELATIONS)
