"""`/v1/jobs`: upstream's older name for background runs. A job has its run's id, with another prefix."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from app.db.keyset import Page
from app.db.pool import array
from app.http.context import App, Who
from app.http.ids import Prefixed
from app.http.paging import page
from app.http.respond import json_bytes
from app.http.routing import APIRouter
from app.jobs import queries
from app.runs import service

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], deprecated=True)

JobId = Annotated[UUID, Prefixed("job")]
Paging = Annotated[Page, Depends(page("job", limit=100, order="desc"))]


@router.get("")
async def list_jobs(
    app: App, who: Who, paging: Paging, active: Annotated[bool | None, Query()] = None
) -> Response:
    """Jobs, newest first. `active` are those that have not ended."""
    filters = {"active": active or None}
    return json_bytes(array(await service.page(app.db, queries.LIST, paging, who.org_id, filters)))


@router.get("/active")
async def list_active_jobs(app: App, who: Who, paging: Paging) -> Response:
    """Jobs that have not ended, newest first."""
    return json_bytes(array(await service.page(app.db, queries.LIST, paging, who.org_id, {"active": True})))


@router.get("/{job_id}")
async def get_job(app: App, who: Who, job_id: JobId) -> Response:
    """One job."""
    return json_bytes(await service.one(app.db, queries.GET, who.org_id, job_id, "job"))


@router.patch("/{job_id}/cancel")
async def cancel_job(app: App, who: Who, job_id: JobId) -> Response:
    """Cancel a job; one that has ended stays as it is. The job."""
    await service.one(app.db, queries.GET, who.org_id, job_id, "job")
    await app.sender.cancel(who.org_id, run_ids=[job_id])
    return json_bytes(await service.one(app.db, queries.GET, who.org_id, job_id, "job"))


@router.delete("/{job_id}")
async def delete_job(app: App, who: Who, job_id: JobId) -> Response:
    """Forget a job that has ended; its messages stay. The job as it was."""
    body = await service.one(app.db, queries.GET, who.org_id, job_id, "job")
    await service.delete(app.db, who.org_id, job_id, "job")
    return json_bytes(body)
