"""Tools: the base tools today; tools that users write come with the sandbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.db import keyset
from app.db.pool import Database, Session, array, to_json
from app.errors import NotFound
from app.tools import queries
from app.tools.base import BASE_TOOLS

FILTERS = {
    "name": "t.name = {}",
    "names": "t.name = ANY({}::text[])",
    "tool_ids": "t.id = ANY({}::uuid[])",
    "tool_types": "t.tool_type = ANY({}::text[])",
    "exclude_tool_types": "t.tool_type <> ALL({}::text[])",
    "search": "t.name ILIKE '%' || {} || '%'",
    "return_only_letta_tools": "(t.tool_type LIKE 'letta\\_%') >= {}::boolean",
}
"""Query parameters of the listing as SQL; all values are parameters."""


async def seed(db: Database) -> None:
    """Make every organisation's base tools what this version says they are."""
    await seed_organizations(db, [row[0] for row in await db.rows(queries.ORGANIZATIONS)])


async def seed_organizations(db: Database | Session, organizations: Iterable[UUID]) -> None:
    """Give these organisations the base tools."""
    rows = [
        {
            "id": str(tool.id_in(org_id)),
            "org_id": str(org_id),
            "name": tool.name,
            "tool_type": tool.kind,
            "description": tool.description,
            "json_schema": tool.schema(),
        }
        for org_id in organizations
        for tool in BASE_TOOLS
    ]
    await db.rows(queries.SEED, to_json(rows))


async def get(db: Database, org_id: UUID, tool_id: UUID) -> str:
    """A tool as JSON. Raises NotFound."""
    found = await db.value(queries.GET, org_id, tool_id)
    if found is None:
        raise NotFound(f"There is no tool tool-{tool_id}.")
    return found


async def list_all(db: Database, org_id: UUID, page: keyset.Page, filters: dict[str, Any]) -> bytes:
    """Tools as a JSON array."""
    args: list[object] = [org_id]
    where: list[str] = []
    for name, value in filters.items():
        if value is not None:
            args.append(value)
            where.append(FILTERS[name].format(f"${len(args)}"))
    return array(await keyset.fetch(db, queries.LIST, page, args, where))


async def list_of_agent(db: Database, org_id: UUID, agent_id: UUID, page: keyset.Page) -> bytes:
    """An agent's tools as a JSON array."""
    return array(await keyset.fetch(db, queries.LIST_OF_AGENT, page, [org_id, agent_id], []))


async def count(db: Database, org_id: UUID) -> int:
    """How many tools the organisation has."""
    return await db.value(queries.COUNT, org_id)
