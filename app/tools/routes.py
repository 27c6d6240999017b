"""`/v1/tools`: reading. Writing and running tools come with the sandbox (501 until then)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.db.keyset import Page
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import Prefixed, ToolId
from app.http.paging import page
from app.http.respond import json, json_bytes
from app.tools import service

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
    return_only_letta_tools: bool = False,
) -> Response:
    """Tools, newest first."""
    filters = {
        "name": name,
        "names": names,
        "tool_ids": tool_ids,
        "tool_types": tool_types,
        "exclude_tool_types": exclude_tool_types,
        "search": search,
        "return_only_letta_tools": return_only_letta_tools or None,
    }
    return json_bytes(await service.list_all(app.db, who.org_id, paging, filters))


@router.get("/count")
async def count_tools(app: App, who: Who) -> Response:
    """How many tools there are."""
    return json(await service.count(app.db, who.org_id))


@router.get("/{tool_id}")
async def get_tool(app: App, who: Who, tool_id: ToolId) -> Response:
    """One tool."""
    return json_bytes(await service.get(app.db, who.org_id, tool_id))
