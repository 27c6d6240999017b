"""`/v1/blocks`, and the core memory of agents."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.blocks import service
from app.blocks.schemas import CreateBlock, UpdateBlock
from app.db.keyset import Page
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import BlockId
from app.http.paging import page, unserved
from app.http.respond import json, json_bytes

router = APIRouter(prefix="/v1/blocks", tags=["blocks"])

Paging = Annotated[Page, Depends(page("block", limit=50, order="asc"))]


UNSERVED = Depends(
    unserved(
        "identity_id",
        "identifier_keys",
        "connected_to_agents_count_eq",
        "connected_to_agents_count_gt",
        "connected_to_agents_count_lt",
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
        "tags": tags,
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
    return json_bytes(await service.get(app.db, who.org_id, block_id))


@router.patch("/{block_id}")
async def update_block(app: App, who: Who, block_id: BlockId, body: UpdateBlock) -> Response:
    """Change a block."""
    return json_bytes(await service.update(app.db, who.org_id, block_id, body))


@router.delete("/{block_id}")
async def delete_block(app: App, who: Who, block_id: BlockId) -> Response:
    """Delete a block."""
    await service.delete(app.db, who.org_id, block_id)
    return json({"message": f"Block block-{block_id} was deleted."})
