"""Tools: the built-in ones, and those that users write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.db import keyset
from app.db.pool import Database, Session, array, to_json
from app.errors import BadRequest, NotFound
from app.http import ids
from app.tools import definition, queries
from app.tools.base import BASE_TOOLS
from app.tools.schemas import CreateTool, UpdateTool

FILTERS = {
    "name": "t.name = {}",
    "names": "t.name = ANY({}::text[])",
    "tool_ids": "t.id = ANY({}::uuid[])",
    "tool_types": "t.tool_type = ANY({}::text[])",
    "exclude_tool_types": "t.tool_type <> ALL({}::text[])",
    "search": "position(lower({}) IN lower(t.name)) > 0",
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


OF_BASE_TOOLS = frozenset({
    "tags", "return_char_limit", "default_requires_approval", "enable_parallel_execution", "metadata",
})  # fmt: skip
"""What may be changed of built-in tools; the rest is what this version of the server says."""


async def upsert(db: Database, org_id: UUID, body: CreateTool, packages: str | None) -> str:
    """Create a tool, or change the one with the function's name; as JSON. Raises AppError."""
    values = {"source_type": "python"} | definition.columns(body, body.source_code, packages)
    names = sorted(values)
    found = await db.value(queries.upsert(names), org_id, ids.new(), *_arguments(values, names))
    if found is None:
        raise BadRequest(f"{values['name']!r} is the name of a built-in tool; give the function another one.")
    return found


async def update(db: Database, org_id: UUID, tool_id: UUID, body: UpdateTool, packages: str | None) -> str:
    """Change a tool; as JSON. Raises AppError."""
    row = await db.row(queries.SOURCE, org_id, tool_id)
    if row is None:
        raise missing(tool_id)
    code = body.source_code if body.source_code is not None else row["source_code"]
    values = definition.columns(body, code, packages)
    names = sorted(values)
    if row["tool_type"] != "custom" and (fixed := sorted(values.keys() - OF_BASE_TOOLS)):
        raise BadRequest(f"{', '.join(fixed)} of a built-in tool cannot be changed; make a tool of your own.")
    found = await db.value(queries.update(names), org_id, tool_id, *_arguments(values, names))
    if found is None:
        raise missing(tool_id)
    return found


async def delete(db: Database, org_id: UUID, tool_id: UUID) -> None:
    """Delete a tool; agents lose it. Raises NotFound, and BadRequest for a built-in one."""
    if await db.value(queries.DELETE, org_id, tool_id) is None:
        await get(db, org_id, tool_id)
        raise BadRequest(f"tool-{tool_id} is built in; detach it from agents instead of deleting it.")


def missing(tool_id: UUID) -> NotFound:
    """The error for a tool that is not there."""
    return NotFound(f"There is no tool tool-{tool_id}.")


def _arguments(values: dict[str, Any], names: list[str]) -> list[object]:
    return [to_json(values[n]) if queries.COLUMNS[n] == "jsonb" else values[n] for n in names]


async def get(db: Database, org_id: UUID, tool_id: UUID) -> str:
    """A tool as JSON. Raises NotFound."""
    found = await db.value(queries.GET, org_id, tool_id)
    if found is None:
        raise missing(tool_id)
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
