"""Core-memory blocks: JSON text out of Postgres, NotFound when there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.blocks import queries
from app.blocks.schemas import CreateBlock, UpdateBlock
from app.db import keyset
from app.db.pool import Database, Row, array, to_json
from app.errors import Conflict, NotFound
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


@dataclass(frozen=True)
class Versioned:
    """A block as JSON text, and how often it was changed."""

    body: str
    version: int


async def get(db: Database, org_id: UUID, block_id: UUID) -> Versioned:
    """A block by id. Raises NotFound."""
    row = _found(await db.row(queries.GET, org_id, block_id), f"There is no block block-{block_id}.")
    return Versioned(row["block"], row["version"])


async def get_of_agent(db: Database, org_id: UUID, agent_id: UUID, label: str) -> Versioned:
    """An agent's block by label. Raises NotFound."""
    row = _found(await db.row(queries.GET_OF_AGENT, org_id, agent_id, label), _none(agent_id, label))
    return Versioned(row["block"], row["version"])


async def update(
    db: Database, org_id: UUID, block_id: UUID, changes: UpdateBlock, version: int | None
) -> Versioned:
    """Change a block, if it is still at `version` when one is given.

    Raises NotFound, or Conflict when it is not; a value over the limit is refused by the database.
    """
    names, values = _changes(changes)
    statement = queries.update(names, of_agent=False, versioned=version is not None)
    row = await db.row(statement, org_id, block_id, *_given(version), *values)
    return _changed(row, f"There is no block block-{block_id}.")


async def update_of_agent(
    db: Database, org_id: UUID, agent_id: UUID, label: str, changes: UpdateBlock, version: int | None
) -> Versioned:
    """Change an agent's block, if it is still at `version` when one is given. Raises as `update` does."""
    names, values = _changes(changes)
    statement = queries.update(names, of_agent=True, versioned=version is not None)
    row = await db.row(statement, org_id, agent_id, label, *_given(version), *values)
    return _changed(row, _none(agent_id, label))


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


AGENTS = "(SELECT count(*) FROM blocks_agents x WHERE x.block_id = t.id)"

FILTERS = {
    "label": "t.label = {}",
    "label_search": "t.label ILIKE '%' || {} || '%'",
    "value_search": "t.value ILIKE '%' || {} || '%'",
    "description_search": "t.description ILIKE '%' || {} || '%'",
    "name": "t.template_name = {}",
    "templates_only": "t.is_template >= {}::boolean",
    "project_id": "t.project_id = {}",
    "tags_any": "t.tags && {}::text[]",
    "tags_all": "t.tags @> {}::text[]",
    "agents_eq": f"{AGENTS} = ANY({{}}::int[])",
    "agents_gt": f"{AGENTS} > {{}}::int",
    "agents_lt": f"{AGENTS} < {{}}::int",
    "hidden": "coalesce(t.hidden, false) = {}::boolean",
}
"""Query parameters of the listing as SQL; all values are parameters."""


async def list_of_agent(db: Database, org_id: UUID, agent_id: UUID, page: keyset.Page) -> bytes:
    """An agent's blocks as a JSON array; the caller has checked that the agent exists when it is empty."""
    return array(await keyset.fetch(db, queries.LIST_OF_AGENT, page, [org_id, agent_id], []))


async def count(db: Database, org_id: UUID) -> int:
    """How many blocks the organisation has."""
    return await db.value(queries.COUNT, org_id)


def _none(agent_id: UUID, label: str) -> str:
    return f"The agent agent-{agent_id} has no block labelled {label!r}, or does not exist."


def _given(version: int | None) -> list[int]:
    return [] if version is None else [version]


def _changed(row: Row | None, absent: str) -> Versioned:
    if row is None or not row["found"]:
        raise NotFound(absent)
    if row["block"] is None:
        raise Conflict("The block was changed by someone else meanwhile; read it again, then change it.")
    return Versioned(row["block"], row["version"])


def _changes(changes: UpdateBlock) -> tuple[list[str], list[object]]:
    """Columns and values of a PATCH. Null means “leave” for what cannot be null, as upstream has it."""
    nullable = {"description", "template_name", "hidden", "project_id"}
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
