"""`/v1/agents/{id}/tools/…`: running one of an agent's tools, and whether it waits for approval."""

from __future__ import annotations

from starlette.responses import Response

from app.agents import service as agents
from app.errors import NotFound, Unprocessable
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import AgentId
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter
from app.tools import execution, queries
from app.tools.schemas import Approval, RunTool

router = APIRouter(prefix="/v1/agents", tags=["tools"])


@router.post("/{agent_id}/tools/{tool_name}/run")
async def run_tool(app: App, who: Who, agent_id: AgentId, tool_name: Text, body: RunTool) -> Response:
    """Run a tool as the agent would, without telling the agent."""
    return json(await execution.run_of_agent(app, who.org_id, agent_id, tool_name, body))


@router.patch("/{agent_id}/tools/approval/{tool_name}")
async def set_approval(
    app: App,
    who: Who,
    agent_id: AgentId,
    tool_name: Text,
    body: Approval | None = None,
    requires_approval: bool | None = None,
) -> Response:
    """Whether the agent's calls of a tool wait for the client; in the body, or in the query as before."""
    wanted = body.requires_approval if body and body.requires_approval is not None else requires_approval
    if wanted is None:
        raise Unprocessable("Say `requires_approval`: true or false.")
    if await app.db.value(queries.SET_APPROVAL, who.org_id, agent_id, tool_name, wanted) is None:
        await agents.ensure(app.db, who.org_id, agent_id)
        raise NotFound(f"The agent has no tool {tool_name!r}; attach it first.")
    return json_bytes(await agents.get(app.db, who.org_id, agent_id))
