"""`/v1/steps`: what agents did, one model call at a time."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from app.db import keyset
from app.db.keyset import Page
from app.db.pool import Database, Statement, array
from app.errors import NotFound
from app.http.context import App, Who
from app.http.fields import Body, Moment, Text
from app.http.ids import AgentId, StepId
from app.http.paging import page, unserved
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter
from app.messages.service import expanded
from app.steps import queries

router = APIRouter(prefix="/v1/steps", tags=["steps"])

Paging = Annotated[Page, Depends(page("step", limit=50, order="desc"))]
MessagePaging = Annotated[Page, Depends(page("message", limit=100, order="asc"))]
Strings = Annotated[list[Text] | None, Query()]
Feedback = Literal["positive", "negative"]


class StepFeedback(Body):
    """What someone thinks of a step; no feedback takes it back."""

    feedback: Feedback | None = None
    tags: list[Text] | None = None


@router.get("", dependencies=[Depends(unserved("project_id"))])
async def list_steps(
    app: App,
    who: Who,
    paging: Paging,
    agent_id: Annotated[AgentId | None, Query()] = None,
    start_date: Moment | None = None,
    end_date: Moment | None = None,
    model: Text | None = None,
    trace_ids: Strings = None,
    feedback: Feedback | None = None,
    has_feedback: bool | None = None,
    tags: Strings = None,
) -> Response:
    """Steps, newest first."""
    filters = {
        "agent_id": agent_id,
        "start_date": start_date,
        "end_date": end_date,
        "model": model,
        "trace_ids": trace_ids,
        "feedback": feedback,
        "has_feedback": has_feedback,
        "tags": tags,
    }
    args: list[object] = [who.org_id]
    where: list[str] = []
    for name, value in filters.items():
        if value is not None:
            args.append(value)
            where.append(queries.FILTERS[name].format(f"${len(args)}"))
    return json_bytes(array(await keyset.fetch(app.db, queries.LIST, paging, args, where)))


@router.get("/{step_id}")
async def get_step(app: App, who: Who, step_id: StepId) -> Response:
    """One step."""
    return json_bytes(await _one(app.db, queries.GET, who.org_id, step_id))


@router.get("/{step_id}/messages")
async def list_step_messages(app: App, who: Who, step_id: StepId, paging: MessagePaging) -> Response:
    """The messages of a step, oldest first."""
    found = await keyset.fetch(app.db, queries.MESSAGES, paging, [who.org_id, step_id], [])
    if not found:
        await _one(app.db, queries.GET, who.org_id, step_id)
    return json(expanded(found, descending=paging.descending, types=None))


@router.get("/{step_id}/metrics")
async def get_step_metrics(app: App, who: Who, step_id: StepId) -> Response:
    """Where the time of a step went."""
    return json_bytes(await _one(app.db, queries.METRICS, who.org_id, step_id))


@router.get("/{step_id}/trace")
async def get_step_trace(app: App, who: Who, step_id: StepId) -> Response:
    """What the model was asked and what it answered; kept with LETTA_TRACK_PROVIDER_TRACE."""
    found = await app.db.value(queries.GET_TRACE, who.org_id, step_id)
    if found is None:
        raise NotFound(
            f"There is no trace of step-{step_id}: the server keeps traces of steps that run while"
            " LETTA_TRACK_PROVIDER_TRACE is true."
        )
    return json_bytes(found)


@router.patch("/{step_id}/feedback")
async def set_step_feedback(app: App, who: Who, step_id: StepId, body: StepFeedback) -> Response:
    """Say what a step was worth."""
    found = await app.db.value(queries.FEEDBACK, who.org_id, step_id, body.feedback, body.tags)
    if found is None:
        raise _missing(step_id)
    return json_bytes(found)


async def _one(db: Database, statement: Statement, org_id: UUID, step_id: UUID) -> Any:
    found = await db.value(statement, org_id, step_id)
    if found is None:
        raise _missing(step_id)
    return found


def _missing(step_id: UUID) -> NotFound:
    return NotFound(f"There is no step step-{step_id}.")
