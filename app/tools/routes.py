"""`/v1/tools`: built-in tools and those that users write."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from app.db.keyset import Page
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import Prefixed, ToolId
from app.http.paging import page
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter
from app.tools import execution, search, service
from app.tools.schemas import CreateTool, RunSource, SearchTools, UpdateTool

router = APIRouter(prefix="/v1/tools", tags=["tools"])

Paging = Annotated[Page, Depends(page("tool", limit=50, order="desc"))]
Strings = Annotated[list[Text] | None, Query()]


@router.get("")
async def list_tools(
    app: App,
    who: Who,
    paging: Paging,
    name: Text | None = None,
    names: Strings = None,
    tool_ids: Annotated[list[Annotated[UUID, Prefixed("tool")]] | None, Query()] = None,
    tool_types: Strings = None,
    exclude_tool_types: Strings = None,
    search: Text | None = None,
    order_by: Literal["created_at"] = "created_at",  # noqa: ARG001 (the only order)
    return_only_letta_tools: bool = False,
) -> Response:
    """Tools, newest first."""
    filters = {
        "name": name,
        "names": names,
        "tool_ids": tool_ids,
        "tool_types": _separated(tool_types),
        "exclude_tool_types": _separated(exclude_tool_types),
        "search": search,
        "return_only_letta_tools": return_only_letta_tools or None,
    }
    return json_bytes(await service.list_all(app.db, who.org_id, paging, filters))


def _separated(values: list[str] | None) -> list[str] | None:
    """Clients repeat the parameter, or put commas between the values."""
    return [part for value in values for part in value.split(",")] if values else None


@router.post("")
@router.put("")
async def upsert_tool(app: App, who: Who, body: CreateTool) -> Response:
    """Create a tool, or change the one of this name: both methods do both."""
    return json_bytes(await service.upsert(app.db, who.org_id, body, app.settings.packages))


@router.post("/add-base-tools")
async def add_base_tools(app: App, who: Who) -> Response:
    """The built-in tools; they are always there."""
    filters = {"return_only_letta_tools": True}
    everything = Page(None, None, 1000, descending=False)
    return json_bytes(await service.list_all(app.db, who.org_id, everything, filters))


@router.post("/search")
async def search_tools(app: App, who: Who, body: SearchTools) -> Response:
    """Tools by words, by meaning, or by both."""
    return json_bytes(await search.search(app.db, app.models, who.org_id, body))


@router.post("/run")
async def run_source(app: App, _: Who, body: RunSource) -> Response:
    """Run source once; off unless the operator switches it on."""
    return json(await execution.run_source(app, body))


@router.get("/count")
async def count_tools(app: App, who: Who) -> Response:
    """How many tools there are."""
    return json(await service.count(app.db, who.org_id))


@router.get("/{tool_id}")
async def get_tool(app: App, who: Who, tool_id: ToolId) -> Response:
    """One tool."""
    return json_bytes(await service.get(app.db, who.org_id, tool_id))


@router.patch("/{tool_id}")
async def update_tool(app: App, who: Who, tool_id: ToolId, body: UpdateTool) -> Response:
    """Change a tool."""
    return json_bytes(await service.update(app.db, who.org_id, tool_id, body, app.settings.packages))


@router.delete("/{tool_id}")
async def delete_tool(app: App, who: Who, tool_id: ToolId) -> Response:
    """Delete a tool."""
    await service.delete(app.db, who.org_id, tool_id)
    return json({"message": f"Tool tool-{tool_id} was deleted."})
