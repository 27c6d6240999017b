"""`/v1/blocks`, and the core memory of agents."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from app.agents.listing import Include
from app.agents.listing import Paging as AgentPaging
from app.agents.service import list_all as list_agents
from app.blocks import service
from app.blocks.schemas import CreateBlock, UpdateBlock
from app.blocks.versions import IfMatch, respond
from app.db.keyset import Page
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import BlockId
from app.http.paging import page, unserved
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter

router = APIRouter(prefix="/v1/blocks", tags=["blocks"])

Paging = Annotated[Page, Depends(page("block", limit=50, order="asc"))]
Count = Annotated[int, Query(ge=0, le=2**31 - 1)]


UNSERVED = Depends(
    unserved(
        "identity_id",
        "identifier_keys",
    )
)


@router.get("", dependencies=[UNSERVED])
async def list_blocks(
    app: App,
    who: Who,
    paging: Paging,
    label: Text | None = None,
    label_search: Text | None = None,
    value_search: Text | None = None,
    description_search: Text | None = None,
    name: Text | None = None,
    templates_only: bool = False,
    project_id: Text | None = None,
    tags: Annotated[list[Text] | None, Query()] = None,
    match_all_tags: bool = False,
    connected_to_agents_count_eq: Annotated[list[Count] | None, Query()] = None,
    connected_to_agents_count_gt: Count | None = None,
    connected_to_agents_count_lt: Count | None = None,
    show_hidden_blocks: bool = False,
) -> Response:
    """Blocks, oldest first."""
    filters = {
        "label": label,
        "label_search": label_search,
        "value_search": value_search,
        "description_search": description_search,
        "name": name,
        "templates_only": templates_only or None,
        "project_id": project_id,
        "tags_all" if match_all_tags else "tags_any": tags,
        "agents_eq": connected_to_agents_count_eq,
        "agents_gt": connected_to_agents_count_gt,
        "agents_lt": connected_to_agents_count_lt,
        "hidden": None if show_hidden_blocks else False,
    }
    return json_bytes(await service.list_all(app.db, who.org_id, paging, filters))


@router.post("")
async def create_block(app: App, who: Who, body: CreateBlock) -> Response:
    """Create a block."""
    return json_bytes(await service.create(app.db, who.org_id, body))


@router.get("/count")
async def count_blocks(app: App, who: Who) -> Response:
    """How many blocks there are."""
    return json(await service.count(app.db, who.org_id))


@router.get("/{block_id}")
async def get_block(app: App, who: Who, block_id: BlockId) -> Response:
    """One block."""
    return respond(await service.get(app.db, who.org_id, block_id))


@router.patch("/{block_id}")
async def update_block(
    app: App, who: Who, block_id: BlockId, body: UpdateBlock, version: IfMatch
) -> Response:
    """Change a block."""
    return respond(await service.update(app.db, who.org_id, block_id, body, version))


@router.get("/{block_id}/agents")
async def list_agents_of_block(
    app: App, who: Who, block_id: BlockId, paging: AgentPaging, include: Include
) -> Response:
    """The agents that have a block."""
    filters = {"block_id": block_id}
    found = await list_agents(app.db, who.org_id, paging, "created_at", filters, include)
    if found == b"[]":
        await service.get(app.db, who.org_id, block_id)
    return json_bytes(found)


@router.delete("/{block_id}")
async def delete_block(app: App, who: Who, block_id: BlockId) -> Response:
    """Delete a block."""
    await service.delete(app.db, who.org_id, block_id)
    return json({"message": f"Block block-{block_id} was deleted."})
