"""Runs as the API shows them: one, its metrics, its end by request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.db import keyset
from app.db.keyset import Listing, Page
from app.db.pool import Database, Row, Statement
from app.errors import Conflict, NotFound
from app.runs import queries


async def page(
    db: Database, listing: Listing, paging: Page, org_id: UUID, filters: Mapping[str, object]
) -> list[Row]:
    """A page of runs; a filter that is None does not filter."""
    args: list[object] = [org_id]
    where: list[str] = []
    for name, value in filters.items():
        if value is not None:
            args.append(value)
            where.append(queries.FILTERS[name].format(f"${len(args)}"))
    return await keyset.fetch(db, listing, paging, args, where)


async def one(db: Database, statement: Statement, org_id: UUID, object_id: UUID, kind: str) -> Any:
    """The first column of a statement about one object. Raises NotFound."""
    found = await db.value(statement, org_id, object_id)
    if found is None:
        raise NotFound(f"There is no {kind} {kind}-{object_id}.")
    return found


async def states(db: Database, org_id: UUID, agent_id: UUID, run_ids: list[UUID]) -> dict[UUID, str]:
    """The statuses of an agent's runs. Raises NotFound when one of them is not there."""
    rows = await db.rows(queries.STATES, org_id, agent_id, run_ids)
    found = {row["id"]: row["status"] for row in rows}
    if missing := next((run_id for run_id in run_ids if run_id not in found), None):
        raise NotFound(f"The agent has no run run-{missing}.")
    return found


async def delete(db: Database, org_id: UUID, run_id: UUID, kind: str) -> Any:
    """Forget a run that has ended, with its steps and events; its messages stay. The run as it was."""
    row = await db.row(queries.DELETE, org_id, run_id)
    if row is None:
        raise NotFound(f"There is no {kind} {kind}-{run_id}.")
    if not row["deleted"]:
        raise Conflict(f"{kind}-{run_id} is still running; cancel it first, then delete it.")
    return row["body"]
