"""`/v1/models`."""

from __future__ import annotations

from fastapi import Depends
from starlette.responses import Response

from app.http.context import App
from app.http.paging import unserved
from app.http.respond import json
from app.http.routing import APIRouter

router = APIRouter(prefix="/v1/models", tags=["models"])


FILTERS = Depends(unserved("provider_category", "provider_name", "provider_type"))


@router.get("", dependencies=[FILTERS])
async def list_models(app: App) -> Response:
    """The language models that agents can use."""
    return json(await app.models.models())


@router.get("/embedding")
async def list_embedding_models(app: App) -> Response:
    """The embedding models that archives can use."""
    return json(app.models.embeddings())
