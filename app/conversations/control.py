"""Cancelling, following and recompiling conversations."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from app.agents.prompting import recompile
from app.agents.service import ensure
from app.conversations import queries, service
from app.conversations.schemas import RecompileRequest, ResumeRequest
from app.errors import Conflict, NotFound
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import AgentId
from app.http.respond import json
from app.http.routing import APIRouter
from app.messages import follow

router = APIRouter(prefix="/v1/conversations/{conversation_id}", tags=["conversations"])

Which = Annotated[AgentId | None, Query(description="The agent, when the path says `default`.")]


@router.post("/cancel")
async def cancel_conversation(app: App, who: Who, conversation_id: Text, agent_id: Which = None) -> Response:
    """Cancel what runs in a conversation. The state of each run."""
    thread = await service.thread_of(app.db, who.org_id, conversation_id, agent_id)
    rows = await app.db.rows(queries.ACTIVE_RUNS, who.org_id, thread.agent_id, thread.conversation_id)
    active = [row["id"] for row in rows]
    cancelled = await app.sender.cancel(who.org_id, run_ids=active) if active else []
    if not cancelled:
        await ensure(app.db, who.org_id, thread.agent_id)
        raise Conflict("The conversation has no active runs to cancel.")
    return json({f"run-{run_id}": "cancelled" for run_id in cancelled})


@router.post("/stream")
async def resume_stream(app: App, who: Who, conversation_id: Text, body: ResumeRequest | None = None) -> Any:
    """What the newest background run of a conversation tells after an event, from any server."""
    given = body or ResumeRequest()
    run_id = given.run_id
    if run_id is None:
        thread = await service.thread_of(app.db, who.org_id, conversation_id, given.agent_id)
        run_id = await app.db.value(
            queries.NEWEST_RUN, who.org_id, thread.agent_id, thread.conversation_id, given.otid
        )
    if run_id is None:
        raise NotFound("The conversation has no background run to follow; start one with `background`.")
    wanted = follow.Wanted(
        who.org_id,
        run_id,
        given.starting_after,
        given.batch_size,
        given.poll_interval,
        given.include_pings is not False,
    )
    return await follow.stream(app.db, app.recorder, wanted, app.settings.ping_interval)


@router.post("/recompile")
async def recompile_conversation(
    app: App, who: Who, conversation_id: Text, dry_run: bool = False, body: RecompileRequest | None = None
) -> Response:
    """Compile the system prompt, which the agent's conversations share; the text."""
    which = body.agent_id if body else None
    thread = await service.thread_of(app.db, who.org_id, conversation_id, which)
    return json(await recompile(app.db, who.org_id, thread.agent_id, dry_run=dry_run))
