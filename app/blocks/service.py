"""Core-memory blocks: JSON text out of Postgres, NotFound when there is none."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.blocks import queries
from app.blocks.schemas import CreateBlock, UpdateBlock
from app.db import keyset
from app.db.pool import Database, array, to_json
from app.errors import NotFound
from app.http import ids


def rows_for_insert(blocks: list[CreateBlock]) -> list[dict[str, Any]]:
    """Rows for `queries.INSERTED`, with fresh ids."""
    return [
        {
            "n": n,
            "id": str(ids.new()),
            "label": block.label,
            "value": block.value,
            "char_limit": block.limit,
            "description": block.description,
            "read_only": block.read_only,
            "metadata": block.metadata or {},
            "tags": block.tags or [],
            "is_template": block.is_template,
            "template_name": block.template_name,
            "preserve_on_migration": bool(block.preserve_on_migration),
            "hidden": block.hidden,
            "project_id": block.project_id,
        }
        for n, block in enumerate(blocks)
    ]


async def create(db: Database, org_id: UUID, block: CreateBlock) -> str:
    """Store a block."""
    return await db.value(queries.CREATE, org_id, to_json(rows_for_insert([block])))


async def get(db: Database, org_id: UUID, block_id: UUID) -> str:
    """A block by id. Raises NotFound."""
    return _found(await db.value(queries.GET, org_id, block_id), f"There is no block block-{block_id}.")


async def get_of_agent(db: Database, org_id: UUID, agent_id: UUID, label: str) -> str:
    """An agent's block by label. Raises NotFound."""
    return _found(
        await db.value(queries.GET_OF_AGENT, org_id, agent_id, label),
        f"The agent agent-{agent_id} has no block labelled {label!r}, or does not exist.",
    )


async def update(db: Database, org_id: UUID, block_id: UUID, changes: UpdateBlock) -> str:
    """Change a block. Raises NotFound; a value over the limit is refused by the database."""
    names, values = _changes(changes)
    statement = queries.update(names, of_agent=False)
    found = await db.value(statement, org_id, block_id, *values)
    return _found(found, f"There is no block block-{block_id}.")


async def update_of_agent(
    db: Database, org_id: UUID, agent_id: UUID, label: str, changes: UpdateBlock
) -> str:
    """Change an agent's block. Raises NotFound."""
    names, values = _changes(changes)
    statement = queries.update(names, of_agent=True)
    return _found(
        await db.value(statement, org_id, agent_id, label, *values),
        f"The agent agent-{agent_id} has no block labelled {label!r}, or does not exist.",
    )


async def delete(db: Database, org_id: UUID, block_id: UUID) -> None:
    """Remove a block, from its agents too. Raises NotFound."""
    _found(await db.value(queries.DELETE, org_id, block_id), f"There is no block block-{block_id}.")


async def list_all(db: Database, org_id: UUID, page: keyset.Page, filters: dict[str, Any]) -> bytes:
    """Blocks as a JSON array. `filters` come from the query string; see `FILTERS`."""
    args: list[object] = [org_id]
    where: list[str] = []
    for name, value in filters.items():
        if value is not None:
            args.append(value)
            where.append(FILTERS[name].format(f"${len(args)}"))
    return array(await keyset.fetch(db, queries.LIST, page, args, where))


FILTERS = {
    "label": "t.label = {}",
    "label_search": "t.label ILIKE '%' || {} || '%'",
    "value_search": "t.value ILIKE '%' || {} || '%'",
    "description_search": "t.description ILIKE '%' || {} || '%'",
    "name": "t.template_name = {}",
    "templates_only": "t.is_template >= {}::boolean",
    "project_id": "t.project_id = {}",
    "tags": "t.tags && {}::text[]",
}
"""Query parameters of the listing as SQL; all values are parameters."""


async def list_of_agent(db: Database, org_id: UUID, agent_id: UUID, page: keyset.Page) -> bytes:
    """An agent's blocks as a JSON array; the caller has checked that the agent exists when it is empty."""
    return array(await keyset.fetch(db, queries.LIST_OF_AGENT, page, [org_id, agent_id], []))


async def count(db: Database, org_id: UUID) -> int:
    """How many blocks the organisation has."""
    return await db.value(queries.COUNT, org_id)


def _changes(changes: UpdateBlock) -> tuple[list[str], list[object]]:
    """Columns and values of a PATCH. Null means “leave” for what cannot be null, as upstream has it."""
    nullable = {"description", "hidden", "project_id"}
    kept = {
        name: value
        for name, value in sorted(changes.given().items())
        if value is not None or name in nullable
    }
    if "metadata" in kept:
        kept["metadata"] = to_json(kept["metadata"])
    return list(kept), list(kept.values())


def _found(value: Any, message: str) -> Any:
    if value is None:
        raise NotFound(message)
    return value
