"""`/v1/agents/{id}/archival-memory`: what an agent keeps out of view and searches by meaning."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from app.agents.service import ensure
from app.archives import service
from app.archives.schemas import CreatePassage
from app.db.keyset import Page
from app.errors import BadRequest
from app.http.context import App, Who
from app.http.fields import Moment, Text
from app.http.ids import AgentId, PassageId, Prefixed
from app.http.paging import MAX_LIMIT
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter
from app.models.service import Embedding, Models

router = APIRouter(prefix="/v1/agents/{agent_id}/archival-memory", tags=["archival memory"])

Cursor = Annotated[UUID | None, Prefixed("passage"), Query()]


@router.post("")
async def create_passage(app: App, who: Who, agent_id: AgentId, body: CreatePassage) -> Response:
    """Remember a text; answers with a list, as upstream does."""
    service.check_text(body.text)
    embedding = _embedding(app.models)
    await ensure(app.db, who.org_id, agent_id)  # before the embedding is paid for
    (vector,) = await app.models.embed([body.text])
    passage = service.NewPassage(body.text, vector, embedding, tuple(body.tags or ()), body.created_at)
    return json_bytes(f"[{await service.insert(app.db, who.org_id, agent_id, passage)}]")


@router.get("")
async def list_passages(
    app: App,
    who: Who,
    agent_id: AgentId,
    after: Cursor = None,
    before: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 100,
    search: Text | None = None,
    ascending: bool = True,
) -> Response:
    """Passages, oldest first unless `ascending` is false."""
    page = Page(after, before, limit, descending=not ascending)
    found = await service.list_of_agent(app.db, who.org_id, agent_id, page, search)
    if found == b"[]":
        await ensure(app.db, who.org_id, agent_id)
    return json_bytes(found)


@router.get("/search")
async def search_passages(
    app: App,
    who: Who,
    agent_id: AgentId,
    query: Text,
    tags: Annotated[list[Text] | None, Query()] = None,
    tag_match_mode: Literal["any", "all"] = "any",
    top_k: Annotated[int, Query(ge=1, le=100)] = 5,
    start_datetime: Moment | None = None,
    end_datetime: Moment | None = None,
) -> Response:
    """Passages by meaning, nearest first."""
    embedding = _embedding(app.models)
    (vector,) = await app.models.embed([query])
    wanted = service.Search(
        vector, embedding, top_k, tuple(tags or ()), tag_match_mode, start_datetime, end_datetime
    )
    results = await service.search(app.db, who.org_id, agent_id, wanted)
    return json({"results": results, "count": len(results)})


@router.delete("/{passage_id}")
async def delete_passage(app: App, who: Who, agent_id: AgentId, passage_id: PassageId) -> Response:
    """Forget a passage."""
    await service.delete(app.db, who.org_id, agent_id, passage_id)
    return json({"message": f"Passage passage-{passage_id} was deleted."})


def _embedding(models: Models) -> Embedding:
    if models.embedding is None:
        raise BadRequest(
            "This server has no embedding model, which archival memory needs; set EMBEDDING_API_BASE,"
            " LETTA_DEFAULT_EMBEDDING_HANDLE and LETTA_EMBEDDING_DIM."
        )
    return models.embedding
