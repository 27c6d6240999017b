"""`/v1/archives` and `/v1/passages`: what agents remember, apart from the agents."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from app.agents.listing import Include
from app.agents.listing import Paging as AgentPaging
from app.agents.service import list_all as list_agents
from app.archives import library
from app.archives.schemas import (
    ArchivePassage,
    ArchivePassages,
    CreateArchive,
    PassageSearch,
    UpdateArchive,
)
from app.db.keyset import Page
from app.http import ids
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import AgentId, ArchiveId, PassageId
from app.http.paging import page
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter

router = APIRouter(prefix="/v1", tags=["archives"])

Paging = Annotated[Page, Depends(page("archive", limit=50, order="desc"))]


@router.post("/archives")
async def create_archive(app: App, who: Who, body: CreateArchive) -> Response:
    """Create an archive."""
    return json_bytes(await library.create(app.db, app.models, who.org_id, ids.new(), body))


@router.get("/archives")
async def list_archives(
    app: App,
    who: Who,
    paging: Paging,
    name: Text | None = None,
    agent_id: Annotated[AgentId | None, Query()] = None,
) -> Response:
    """Archives, newest first."""
    filters = {"name": name, "agent_id": agent_id}
    return json_bytes(await library.list_all(app.db, who.org_id, paging, filters))


@router.get("/archives/{archive_id}")
async def get_archive(app: App, who: Who, archive_id: ArchiveId) -> Response:
    """One archive."""
    return json_bytes(await library.get(app.db, who.org_id, archive_id))


@router.patch("/archives/{archive_id}")
async def update_archive(app: App, who: Who, archive_id: ArchiveId, body: UpdateArchive) -> Response:
    """Change an archive."""
    return json_bytes(await library.update(app.db, who.org_id, archive_id, body))


@router.delete("/archives/{archive_id}", status_code=204)
async def delete_archive(app: App, who: Who, archive_id: ArchiveId) -> Response:
    """Delete an archive with its passages."""
    await library.delete(app.db, who.org_id, archive_id)
    return Response(status_code=204)


@router.get("/archives/{archive_id}/agents")
async def list_agents_of_archive(
    app: App, who: Who, archive_id: ArchiveId, paging: AgentPaging, include: Include
) -> Response:
    """The agents that use an archive."""
    filters = {"archive_id": archive_id}
    found = await list_agents(app.db, who.org_id, paging, "created_at", filters, include)
    if found == b"[]":
        await library.get(app.db, who.org_id, archive_id)
    return json_bytes(found)


@router.post("/archives/{archive_id}/passages")
async def create_archive_passage(app: App, who: Who, archive_id: ArchiveId, body: ArchivePassage) -> Response:
    """Put a text into an archive."""
    made = await library.insert(app.db, app.models, who.org_id, archive_id, [body])
    return json_bytes(made[1:-1])


@router.post("/archives/{archive_id}/passages/batch")
async def create_archive_passages(
    app: App, who: Who, archive_id: ArchiveId, body: ArchivePassages
) -> Response:
    """Put several texts into an archive, all or none."""
    return json_bytes(await library.insert(app.db, app.models, who.org_id, archive_id, body.passages))


@router.delete("/archives/{archive_id}/passages/{passage_id}", status_code=204)
async def delete_archive_passage(
    app: App, who: Who, archive_id: ArchiveId, passage_id: PassageId
) -> Response:
    """Take a text out of an archive."""
    await library.delete_passage(app.db, who.org_id, archive_id, passage_id)
    return Response(status_code=204)


@router.patch("/agents/{agent_id}/archives/attach/{archive_id}")
async def attach_archive(app: App, who: Who, agent_id: AgentId, archive_id: ArchiveId) -> Response:
    """Let an agent use an archive."""
    await library.attach(app.db, who.org_id, agent_id, archive_id)
    return json(None)


@router.patch("/agents/{agent_id}/archives/detach/{archive_id}")
async def detach_archive(app: App, who: Who, agent_id: AgentId, archive_id: ArchiveId) -> Response:
    """Take an archive from an agent; it is not deleted."""
    await library.detach(app.db, who.org_id, agent_id, archive_id)
    return json(None)


@router.post("/passages/search")
async def search_passages(app: App, who: Who, body: PassageSearch) -> Response:
    """Passages by meaning, in one archive or in all; without a query the newest ones."""
    return json_bytes(await library.search(app.db, app.models, who.org_id, body))
