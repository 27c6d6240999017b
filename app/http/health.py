"""Probes and metrics: answered without credentials."""

from __future__ import annotations

import asyncio

import orjson
from starlette.responses import Response

from app import __version__
from app.db.pool import ServerStatement
from app.errors import AppError
from app.http.context import App
from app.http.routing import APIRouter
from app.telemetry import metrics

router = APIRouter(tags=["health"])

READY_SECONDS = 2.0
REASONS = (
    "ready",
    "draining",
    "warming",
    "event_loop_stalled",
    "database_unreachable",
    "database_outdated",
)
"""What readiness can say, in its metric."""
REVISION = ServerStatement("ready", "SELECT version_num FROM alembic_version")


@router.get("/v1/health")
@router.get("/health", include_in_schema=False)
async def health() -> Response:
    """Liveness: the process answers. Never touches the database."""
    return _status(200, "ok")


@router.get("/v1/ready")
async def ready(app: App) -> Response:
    """Readiness: the database answers, is migrated far enough, and we neither drain nor hang."""
    if app.lifecycle.draining:
        return _not_ready("draining")
    if not app.lifecycle.prepared:
        return _not_ready("warming")
    if app.watchdog.stalled:
        return _not_ready("event_loop_stalled", "the event loop hung")
    try:
        revision = await asyncio.wait_for(app.db.value(REVISION), READY_SECONDS)
    except (AppError, TimeoutError, OSError):
        return _not_ready("database_unreachable", "database unreachable")
    if app.revisions.too_old(revision):
        return _not_ready("database_outdated", f"database at {revision}, {app.revisions.head} is needed")
    _tell("ready")
    return _status(200, "ok")


@router.get("/metrics", include_in_schema=False)
async def scrape(app: App) -> Response:
    """Prometheus' text format."""
    for database in app.pools:
        database.monitor.publish()
    metrics.TASKS.set(len(asyncio.all_tasks()))
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _not_ready(reason: str, words: str | None = None) -> Response:
    _tell(reason)
    return _status(503, words or reason)


def _tell(reason: str) -> None:
    for one in REASONS:
        metrics.READINESS.labels(one).set(one == reason)


def _status(code: int, status: str) -> Response:
    body = orjson.dumps({"version": __version__, "status": status})
    return Response(body, code, media_type="application/json")
