"""The rest of Letta's API: routes that exist upstream and not here answer 501 with a sentence."""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException

from app.errors import NotServed
from app.http.routing import APIRouter

router = APIRouter()
early = APIRouter()
"""Goes before the others: what their paths would take for an id."""

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

PREFIXES = frozenset({
    "_internal_agents", "admin", "agents", "anthropic", "archives", "auth", "blocks", "chat",
    "client-side-access-tokens", "conversations", "embeddings", "environments", "folders", "git",
    "groups", "health", "identities", "jobs",
    "mcp-servers", "messages", "metadata", "models", "passages", "pipelines", "projects", "providers", "runs",
    "sandbox-config", "scheduled-messages", "sources", "steps", "tags", "telemetry", "templates", "tools",
    "voice-beta", "zai",
})  # fmt: skip
"""First segments of upstream's paths under /v1; anything else is a plain 404."""


@early.get("/v1/messages/batches", include_in_schema=False)
async def batches(request: Request) -> None:
    """Not a message's id."""
    await unserved(request, "messages/batches")


@router.api_route("/v1/{path:path}", methods=METHODS, include_in_schema=False)
async def unserved(request: Request, path: str) -> None:
    """Whatever no other route took."""
    if path.partition("/")[0] not in PREFIXES:
        raise HTTPException(404, f"There is nothing at /v1/{path}.")
    raise NotServed(
        f"{request.method} /v1/{path} is part of Letta's API that this server does not serve yet."
    )
