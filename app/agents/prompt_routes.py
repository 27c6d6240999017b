"""`/v1/agents/{id}/recompile` and `/reset-messages`."""

from __future__ import annotations

from starlette.responses import Response

from app.agents import prompting
from app.http.context import App, Who
from app.http.ids import AgentId
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter

router = APIRouter(prefix="/v1/agents/{agent_id}", tags=["agents"])


@router.post("/recompile")
async def recompile_agent(app: App, who: Who, agent_id: AgentId, dry_run: bool = False) -> Response:
    """Compile the system prompt with what memory holds now; the text."""
    return json(await prompting.recompile(app.db, who.org_id, agent_id, dry_run=dry_run))


@router.patch("/reset-messages")
async def reset_messages(app: App, who: Who, agent_id: AgentId) -> Response:
    """Forget the agent's own thread but for its system prompt; its memory and its conversations stay."""
    return json_bytes(await prompting.reset(app.db, who.org_id, agent_id))
