"""`/v1/runs`: what the ids in answers refer to."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from app.db import keyset
from app.db.keyset import Page
from app.db.pool import array
from app.http.context import App, Who
from app.http.fields import Body, Text
from app.http.ids import AgentId, Prefixed, RunId
from app.http.paging import page
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter
from app.messages import follow
from app.messages import queries as message_queries
from app.messages.service import expanded
from app.runs import queries, service
from app.runs.service import one

router = APIRouter(prefix="/v1", tags=["runs"])

Status = Literal["created", "running", "completed", "failed", "cancelled"]

Runs = Annotated[Page, Depends(page("run", limit=100, order="desc"))]
Steps = Annotated[Page, Depends(page("step", limit=100, order="desc"))]
Messages = Annotated[Page, Depends(page("message", limit=100, order="asc"))]


@router.get("/runs")
async def list_runs(
    app: App,
    who: Who,
    paging: Runs,
    agent_id: Annotated[UUID | None, Prefixed("agent"), Query()] = None,
    agent_ids: Annotated[list[AgentId] | None, Query(deprecated=True)] = None,
    statuses: Annotated[list[Status] | None, Query()] = None,
    stop_reason: Text | None = None,
    conversation_id: Annotated[UUID | None, Prefixed("conv"), Query()] = None,
    background: bool | None = None,
    active: bool | None = None,
    ascending: Annotated[bool | None, Query(deprecated=True)] = None,
) -> Response:
    """Runs, newest first. `active` are those that have not ended."""
    filters = {
        "agent_id": agent_id,
        "agent_ids": agent_ids,
        "statuses": statuses,
        "stop_reason": stop_reason,
        "conversation_id": conversation_id,
        "background": background,
        "active": active or None,
    }
    wanted = replace(paging, descending=False) if ascending else paging
    return json_bytes(array(await service.page(app.db, queries.LIST_RUNS, wanted, who.org_id, filters)))


class StreamRequest(Body):
    """From where to tell a run, and how."""

    starting_after: int = Field(default=0, ge=0)
    poll_interval: float = Field(default=0.1, ge=0.05, le=60)
    batch_size: int = Field(default=100, ge=1, le=1000)
    include_pings: bool = True


@router.get("/runs/active", deprecated=True)
async def list_active_runs(
    app: App,
    who: Who,
    paging: Runs,
    agent_ids: Annotated[list[AgentId] | None, Query()] = None,
    background: bool | None = None,
) -> Response:
    """Runs that have not ended, newest first."""
    filters = {"agent_ids": agent_ids, "background": background, "active": True}
    return json_bytes(array(await service.page(app.db, queries.LIST_RUNS, paging, who.org_id, filters)))


@router.get("/runs/{run_id}")
async def get_run(app: App, who: Who, run_id: RunId) -> Response:
    """One run."""
    return json_bytes(await one(app.db, queries.GET_RUN, who.org_id, run_id, "run"))


@router.get("/runs/{run_id}/messages")
async def list_run_messages(app: App, who: Who, run_id: RunId, paging: Messages) -> Response:
    """The messages of a run, oldest first."""
    found = await keyset.fetch(app.db, message_queries.LIST_OF_RUN, paging, [who.org_id, run_id], [])
    if not found:
        await one(app.db, queries.GET_RUN, who.org_id, run_id, "run")
    return json(expanded(found, descending=paging.descending, types=None))


@router.get("/runs/{run_id}/steps")
async def list_run_steps(app: App, who: Who, run_id: RunId, paging: Steps) -> Response:
    """The steps of a run, newest first."""
    found = await keyset.fetch(app.db, queries.LIST_STEPS, paging, [who.org_id, run_id], [])
    if not found:
        await one(app.db, queries.GET_RUN, who.org_id, run_id, "run")
    return json_bytes(array(found))


@router.get("/runs/{run_id}/usage")
async def get_run_usage(app: App, who: Who, run_id: RunId) -> Response:
    """The tokens of a run."""
    usage = orjson.loads(await one(app.db, queries.GET_USAGE, who.org_id, run_id, "run"))
    names = ("completion_tokens", "prompt_tokens", "total_tokens")
    details = {
        "prompt_tokens_details": {"cached_tokens": usage.get("cached_input_tokens")},
        "completion_tokens_details": {"reasoning_tokens": usage.get("reasoning_tokens")},
    }
    return json({name: usage.get(name, 0) for name in names} | details)


@router.get("/runs/{run_id}/metrics")
async def get_run_metrics(app: App, who: Who, run_id: RunId) -> Response:
    """How long a run took, in how many steps and with which tools."""
    return json_bytes(await one(app.db, queries.GET_METRICS, who.org_id, run_id, "run"))


@router.post("/runs/{run_id}/cancel")
async def cancel_run(app: App, who: Who, run_id: RunId) -> Response:
    """Cancel a run; one that has ended stays as it is. The run."""
    await app.sender.cancel(who.org_id, run_ids=[run_id])
    return json_bytes(await one(app.db, queries.GET_RUN, who.org_id, run_id, "run"))


@router.delete("/runs/{run_id}")
async def delete_run(app: App, who: Who, run_id: RunId) -> Response:
    """Forget a run that has ended; its messages stay. The run as it was."""
    return json_bytes(await service.delete(app.db, who.org_id, run_id, "run"))


@router.post("/runs/{run_id}/stream")
async def stream_run(app: App, who: Who, run_id: RunId, body: StreamRequest | None = None) -> Any:
    """What a background run tells after an event, and what it goes on to tell, from any server."""
    given = body or StreamRequest()
    wanted = follow.Wanted(
        who.org_id, run_id, given.starting_after, given.batch_size, given.poll_interval, given.include_pings
    )
    return await follow.stream(app.db, app.recorder, wanted, app.settings.ping_interval)


@router.get("/runs/{run_id}/stream")
async def get_run_stream(app: App, who: Who, run_id: RunId, query: Annotated[StreamRequest, Query()]) -> Any:
    """The same, for clients that reconnect with GET."""
    return await stream_run(app, who, run_id, query)
