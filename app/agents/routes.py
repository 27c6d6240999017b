"""`/v1/agents`: the agents themselves, their core memory and their tools."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import Depends, Query
from starlette.responses import Response

from app.agents import service
from app.agents.listing import Include, Ordered, shown
from app.agents.schemas import CreateAgent, UpdateAgent
from app.blocks import queries as block_queries
from app.blocks import service as blocks
from app.blocks.schemas import UpdateBlock
from app.blocks.versions import IfMatch, respond
from app.db.keyset import Page
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import AgentId, BlockId, ToolId
from app.http.paging import page, unserved
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter
from app.tools import queries as tool_queries
from app.tools import service as tools

router = APIRouter(prefix="/v1/agents", tags=["agents"])

BlockPaging = Annotated[Page, Depends(page("block", limit=100, order="desc"))]
ToolPaging = Annotated[Page, Depends(page("tool", limit=10, order="desc"))]
Strings = Annotated[list[Text] | None, Query()]


NO_IDENTITIES = Depends(unserved("identity_id", "identifier_keys", "created_by_id", "created_by_ids"))


@router.get("", dependencies=[NO_IDENTITIES])
async def list_agents(
    app: App,
    who: Who,
    ordered: Ordered,
    include: Include,
    name: Text | None = None,
    tags: Strings = None,
    match_all_tags: bool = False,
    query_text: Text | None = None,
    project_id: Text | None = None,
    template_id: Text | None = None,
    base_template_id: Text | None = None,
    last_stop_reason: Text | None = None,
    show_hidden_agents: bool = False,
) -> Response:
    """Agents, newest first."""
    filters = {
        "name": name,
        "tags_all" if match_all_tags else "tags_any": tags,
        "query_text": query_text,
        "project_id": project_id,
        "template_id": template_id,
        "base_template_id": base_template_id,
        "last_stop_reason": last_stop_reason,
        **shown(hidden_too=show_hidden_agents),
    }
    return json_bytes(await service.list_all(app.db, who.org_id, *ordered, filters, include))


@router.post("")
async def create_agent(app: App, who: Who, body: CreateAgent) -> Response:
    """Create an agent."""
    return json_bytes(await service.create(app.db, app.models, app.cipher, who.org_id, body))


@router.get("/count")
async def count_agents(app: App, who: Who) -> Response:
    """How many agents there are."""
    return json(await service.count(app.db, who.org_id))


@router.get("/{agent_id}")
async def get_agent(app: App, who: Who, agent_id: AgentId, include: Include) -> Response:
    """One agent."""
    return json_bytes(await service.get(app.db, who.org_id, agent_id, include))


@router.patch("/{agent_id}")
async def update_agent(app: App, who: Who, agent_id: AgentId, body: UpdateAgent) -> Response:
    """Change an agent."""
    return json_bytes(await service.update(app.db, app.models, app.cipher, who.org_id, agent_id, body))


@router.delete("/{agent_id}")
async def delete_agent(app: App, who: Who, agent_id: AgentId) -> Response:
    """Delete an agent."""
    await service.delete(app.db, who.org_id, agent_id)
    return json({"message": f"Agent agent-{agent_id} was deleted."})


@router.get("/{agent_id}/core-memory", deprecated=True)
async def get_memory(app: App, who: Who, agent_id: AgentId) -> Response:
    """An agent's memory, as the agent itself has it too."""
    agent = orjson.loads(await service.get(app.db, who.org_id, agent_id))
    return json(agent["memory"])


@router.get("/{agent_id}/core-memory/blocks")
async def list_agent_blocks(app: App, who: Who, agent_id: AgentId, paging: BlockPaging) -> Response:
    """An agent's blocks."""
    found = await blocks.list_of_agent(app.db, who.org_id, agent_id, paging)
    if found == b"[]":
        await service.ensure(app.db, who.org_id, agent_id)
    return json_bytes(found)


@router.patch("/{agent_id}/core-memory/blocks/attach/{block_id}")
async def attach_block(app: App, who: Who, agent_id: AgentId, block_id: BlockId) -> Response:
    """Attach an existing block."""
    statement = block_queries.ATTACH
    return json_bytes(await service.link(app.db, statement, who.org_id, agent_id, block_id, "block"))


@router.patch("/{agent_id}/core-memory/blocks/detach/{block_id}")
async def detach_block(app: App, who: Who, agent_id: AgentId, block_id: BlockId) -> Response:
    """Detach a block; it is not deleted."""
    statement = block_queries.DETACH
    return json_bytes(await service.link(app.db, statement, who.org_id, agent_id, block_id, "block"))


@router.get("/{agent_id}/core-memory/blocks/{label}")
async def get_agent_block(app: App, who: Who, agent_id: AgentId, label: Text) -> Response:
    """An agent's block by label."""
    return respond(await blocks.get_of_agent(app.db, who.org_id, agent_id, label))


@router.patch("/{agent_id}/core-memory/blocks/{label}")
async def update_agent_block(
    app: App, who: Who, agent_id: AgentId, label: Text, body: UpdateBlock, version: IfMatch
) -> Response:
    """Change an agent's block by label."""
    return respond(await blocks.update_of_agent(app.db, who.org_id, agent_id, label, body, version))


@router.get("/{agent_id}/tools")
async def list_agent_tools(app: App, who: Who, agent_id: AgentId, paging: ToolPaging) -> Response:
    """An agent's tools."""
    found = await tools.list_of_agent(app.db, who.org_id, agent_id, paging)
    if found == b"[]":
        await service.ensure(app.db, who.org_id, agent_id)
    return json_bytes(found)


@router.patch("/{agent_id}/tools/attach/{tool_id}")
async def attach_tool(app: App, who: Who, agent_id: AgentId, tool_id: ToolId) -> Response:
    """Attach a tool."""
    return json_bytes(await service.link(app.db, tool_queries.ATTACH, who.org_id, agent_id, tool_id, "tool"))


@router.patch("/{agent_id}/tools/detach/{tool_id}")
async def detach_tool(app: App, who: Who, agent_id: AgentId, tool_id: ToolId) -> Response:
    """Detach a tool."""
    return json_bytes(await service.link(app.db, tool_queries.DETACH, who.org_id, agent_id, tool_id, "tool"))
