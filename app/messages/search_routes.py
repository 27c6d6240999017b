"""`/v1/messages/search`: what was said, by words, by meaning, or by both."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from app.db.pool import Row
from app.errors import BadRequest
from app.http.context import App, Who
from app.http.fields import Body, Moment, Text
from app.http.ids import Prefixed
from app.http.respond import json
from app.http.routing import APIRouter
from app.messages.search import ROLES, Meaning, Search, search
from app.models.service import Models

router = APIRouter(prefix="/v1/messages", tags=["messages"])


class SearchMessages(Body):
    """What to look for, and where."""

    query: Text = Field(min_length=1, max_length=10_000)
    search_mode: Literal["vector", "fts", "hybrid"] = "hybrid"
    agent_id: Annotated[UUID | None, Prefixed("agent")] = None
    conversation_id: Annotated[UUID | None, Prefixed("conv")] = None
    roles: list[Literal["user", "assistant", "system"]] | None = None
    limit: int = Field(default=50, ge=1, le=100)
    start_date: Moment | None = None
    end_date: Moment | None = None


@router.post("/search")
async def search_messages(app: App, who: Who, body: SearchMessages) -> Response:
    """Messages of all agents or of one, best first. Without vectors of messages, `hybrid` is by words."""
    wanted = Search(
        words=None if body.search_mode == "vector" else body.query,
        meaning=None if body.search_mode == "fts" else await _meaning(app.models, body),
        agent_id=body.agent_id,
        conversation_id=body.conversation_id,
        roles=tuple(body.roles or ROLES),
        start=body.start_date,
        end=body.end_date,
        limit=body.limit,
    )
    return json([_result(row) for row in await search(app.db, who.org_id, wanted)])


async def _meaning(models: Models, body: SearchMessages) -> Meaning | None:
    embedding = models.message_embedding
    if embedding is None:
        if body.search_mode == "vector":
            raise BadRequest(
                "This server keeps no vectors of messages: search with `fts`, or set LETTA_EMBED_ALL_MESSAGES"
                " and restart it."
            )
        return None
    (vector,) = await models.embed([body.query])
    return Meaning(vector, embedding)


def _result(row: Row) -> dict[str, Any]:
    conversation_id = row["conversation_id"]
    return {
        "message_type": f"{row['role']}_message",
        "message_id": f"message-{row['id']}",
        "agent_id": f"agent-{row['agent_id']}",
        "conversation_id": f"conv-{conversation_id}" if conversation_id else None,
        "content": row["text"],
        "created_at": row["created_at"].isoformat(),
    }
