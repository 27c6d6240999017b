"""An agent's context window: what is in it, and making room in it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from app.agents.compaction import CompactionSettings
from app.conversations.schemas import CompactRequest
from app.conversations.service import thread_of
from app.errors import BadRequest, Conflict
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import AgentId
from app.http.respond import json
from app.http.routing import APIRouter
from app.services import Services
from app.turns import context
from app.turns.compacting import Compactor
from app.turns.overview import overview

router = APIRouter(tags=["agents"])


@router.get("/v1/agents/{agent_id}/context")
async def get_context(app: App, who: Who, agent_id: AgentId) -> Response:
    """What is in the agent's context window, with token counts."""
    return json(await overview(app.db, app.llm, who.org_id, agent_id))


@router.post("/v1/agents/{agent_id}/summarize")
async def compact_agent(
    app: App, who: Who, agent_id: AgentId, body: CompactRequest | None = None
) -> Response:
    """Replace the agent's earlier messages by a summary."""
    return json(await _compact(app, who.org_id, agent_id, None, body or CompactRequest()))


@router.post("/v1/conversations/{conversation_id}/compact")
async def compact_conversation(
    app: App,
    who: Who,
    conversation_id: Text,
    body: CompactRequest | None = None,
    agent_id: Annotated[AgentId | None, Query()] = None,
) -> Response:
    """Replace a conversation's earlier messages by a summary."""
    given = body or CompactRequest()
    thread = await thread_of(app.db, who.org_id, conversation_id, given.agent_id or agent_id)
    return json(await _compact(app, who.org_id, thread.agent_id, thread.conversation_id, given))


async def _compact(
    app: Services, org_id: UUID, agent_id: UUID, conversation_id: UUID | None, body: CompactRequest
) -> dict[str, Any]:
    """Letta's CompactionResponse. Raises BadRequest with nothing to compact, Conflict while a turn runs."""
    agent = await context.load(app.db, org_id, agent_id, conversation_id)
    if agent.messages and agent.messages[-1].role == "approval" and agent.messages[-1].tool_calls:
        raise Conflict("The agent waits for an answer to its request for approval; answer it, then compact.")
    settings = agent.compaction
    if body.compaction_settings is not None:
        settings = CompactionSettings.model_validate(body.compaction_settings)
    compactor = Compactor(app.db, app.llm, app.models)
    found = await compactor.prepare(agent, settings, "manual", keep_last=False)
    if found is None:
        raise BadRequest("There is nothing to compact: the agent's messages are few, or none.")
    if not await compactor.store_between_turns(org_id, agent_id, conversation_id, agent.next_seq, found):
        raise Conflict("The agent is busy with a request, or was; wait until it is done and compact again.")
    return {
        "summary": found.text,
        "num_messages_before": 1 + len(found.leaving) + len(found.staying),
        "num_messages_after": 1 + len(found.staying) + (found.summary is not None),
    }
