"""`/v1/runs` and `/v1/steps`: what the ids in answers refer to."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db import keyset
from app.db.keyset import Page
from app.db.pool import Database, Statement, array
from app.errors import NotFound
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import Prefixed, RunId, StepId
from app.http.paging import page, unserved
from app.http.respond import json, json_bytes
from app.messages import queries as message_queries
from app.messages.service import expanded
from app.runs import queries

router = APIRouter(prefix="/v1", tags=["runs"])

Runs = Annotated[Page, Depends(page("run", limit=100, order="desc"))]
Steps = Annotated[Page, Depends(page("step", limit=100, order="desc"))]
Messages = Annotated[Page, Depends(page("message", limit=100, order="asc"))]


@router.get("/runs", dependencies=[Depends(unserved("agent_ids", "conversation_id"))])
async def list_runs(
    app: App,
    who: Who,
    paging: Runs,
    agent_id: Annotated[UUID | None, Prefixed("agent"), Query()] = None,
    statuses: Annotated[list[Text] | None, Query()] = None,
    stop_reason: Text | None = None,
    background: bool | None = None,
    active: bool | None = None,
) -> Response:
    """Runs, newest first."""
    filters = {
        "agent_id": agent_id,
        "statuses": statuses,
        "stop_reason": stop_reason,
        "background": background,
        "active": active,
    }
    args: list[object] = [who.org_id]
    where: list[str] = []
    for name, value in filters.items():
        if value is not None:
            args.append(value)
            where.append(queries.FILTERS[name].format(f"${len(args)}"))
    return json_bytes(array(await keyset.fetch(app.db, queries.LIST_RUNS, paging, args, where)))


@router.get("/runs/{run_id}")
async def get_run(app: App, who: Who, run_id: RunId) -> Response:
    """One run."""
    return json_bytes(await _one(app.db, queries.GET_RUN, who.org_id, run_id, "run"))


@router.get("/runs/{run_id}/messages")
async def list_run_messages(app: App, who: Who, run_id: RunId, paging: Messages) -> Response:
    """The messages of a run, oldest first."""
    found = await keyset.fetch(app.db, message_queries.LIST_OF_RUN, paging, [who.org_id, run_id], [])
    if not found:
        await _one(app.db, queries.GET_RUN, who.org_id, run_id, "run")
    return json(expanded(found, descending=paging.descending, types=None))


@router.get("/runs/{run_id}/steps")
async def list_run_steps(app: App, who: Who, run_id: RunId, paging: Steps) -> Response:
    """The steps of a run, newest first."""
    found = await keyset.fetch(app.db, queries.LIST_STEPS, paging, [who.org_id, run_id], [])
    if not found:
        await _one(app.db, queries.GET_RUN, who.org_id, run_id, "run")
    return json_bytes(array(found))


@router.get("/runs/{run_id}/usage")
async def get_run_usage(app: App, who: Who, run_id: RunId) -> Response:
    """The tokens of a run."""
    usage = orjson.loads(await _one(app.db, queries.GET_USAGE, who.org_id, run_id, "run"))
    names = ("completion_tokens", "prompt_tokens", "total_tokens")
    return json({name: usage.get(name, 0) for name in names})


@router.get("/steps/{step_id}")
async def get_step(app: App, who: Who, step_id: StepId) -> Response:
    """One step."""
    return json_bytes(await _one(app.db, queries.GET_STEP, who.org_id, step_id, "step"))


async def _one(db: Database, statement: Statement, org_id: UUID, object_id: UUID, kind: str) -> Any:
    found = await db.value(statement, org_id, object_id)
    if found is None:
        raise NotFound(f"There is no {kind} {kind}-{object_id}.")
    return found
