"""`/v1/agents/{id}/messages`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from app.agents.service import ensure
from app.conversations.service import thread_of
from app.db.keyset import Page
from app.errors import Conflict
from app.http.context import App, Who
from app.http.fields import Body, Text
from app.http.ids import AgentId, RunId
from app.http.paging import page, unserved
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter
from app.messages import listing, service
from app.messages.schemas import MessageRequest
from app.runs.queries import GET_RUN
from app.runs.service import one
from app.runs.service import states as run_states
from app.security import urls

router = APIRouter(prefix="/v1/agents/{agent_id}/messages", tags=["messages"])

Paging = Annotated[Page, Depends(page("message", limit=100, order="desc"))]


@router.get("", dependencies=[Depends(unserved("group_id"))])
async def list_messages(
    app: App,
    who: Who,
    agent_id: AgentId,
    paging: Paging,
    conversation_id: Text | None = None,
    include_return_message_types: Annotated[list[Text] | None, Query()] = None,
) -> Response:
    """An agent's messages, newest first: of all its conversations, unless `conversation_id` names one."""
    types = service.types_of(include_return_message_types)
    if conversation_id is None:
        found = await listing.of_agent(app.db, who.org_id, agent_id, paging, types)
    else:
        thread = await thread_of(app.db, who.org_id, conversation_id, agent_id)
        found = await listing.of_thread(app.db, who.org_id, thread, paging, types)
    if not found:
        await ensure(app.db, who.org_id, agent_id)
    return json(found)


@router.post("")
async def send_message(app: App, who: Who, agent_id: AgentId, body: MessageRequest) -> Any:
    """Send messages and wait for the answer, or stream it with `streaming`."""
    if body.streaming:
        return await stream_message(app, who, agent_id, body)
    types = service.types_of(body.include_return_message_types)
    turn = await app.sender.start(who.org_id, agent_id, body, streaming=False)
    return json_bytes(await app.sender.answer(turn, types))


@router.post("/async")
async def send_message_async(app: App, who: Who, agent_id: AgentId, body: MessageRequest) -> Response:
    """Send messages and get the run at once; it goes on in the background."""
    service.types_of(body.include_return_message_types)
    if body.callback_url:
        urls.check(body.callback_url, private=app.settings.private_urls)
    turn = await app.sender.start(who.org_id, agent_id, body.in_background(), streaming=True)
    run_id = app.sender.leave(turn)
    return json_bytes(await one(app.db, GET_RUN, who.org_id, run_id, "run"))


class CancelRequest(Body):
    """Which runs to cancel; all that run for the agent by default."""

    run_ids: Annotated[list[RunId], Field(max_length=100)] | None = None


@router.post("/cancel")
async def cancel_messages(
    app: App, who: Who, agent_id: AgentId, body: CancelRequest | None = None
) -> Response:
    """Cancel what runs for the agent, on whichever server. The state of each run."""
    run_ids = body.run_ids if body else None
    cancelled = await app.sender.cancel(who.org_id, agent_id=agent_id, run_ids=run_ids)
    states = dict.fromkeys(cancelled, "cancelled")
    if run_ids:
        states = await run_states(app.db, who.org_id, agent_id, run_ids)
    elif not cancelled:
        await ensure(app.db, who.org_id, agent_id)
        raise Conflict("The agent has no active runs to cancel.")
    return json({f"run-{run_id}": state for run_id, state in states.items()})


@router.post("/stream")
async def stream_message(app: App, who: Who, agent_id: AgentId, body: MessageRequest) -> Any:
    """Send messages and stream the answer as server-sent events."""
    types = service.types_of(body.include_return_message_types)
    turn = await app.sender.start(who.org_id, agent_id, body, streaming=True)
    seconds = app.settings.ping_interval
    return await app.sender.stream(turn, types, pings=body.include_pings, seconds=seconds)
