"""Tools that look beyond what is in view: earlier messages, and archival memory."""

from __future__ import annotations

import orjson

from app.archives import service as archives
from app.messages import search as messages
from app.turns.arguments import moment
from app.turns.calls import Context, Prepared

PAGE = 5
LONGEST_SEARCH = 100
ROLES = ("user", "assistant", "system")


async def conversation_search(context: Context, call: Prepared) -> str:
    """Earlier messages by words (and meaning, where messages have vectors), role and date."""
    given, embedding = call.arguments, context.models.message_embedding
    wanted = messages.Search(
        words=given.get("query") or None,
        meaning=messages.Meaning(call.vector, embedding) if call.vector and embedding else None,
        agent_id=context.agent_id,
        roles=tuple(role for role in given.get("roles") or ROLES[:2] if role in ROLES),
        start=moment(given.get("start_date")),
        end=moment(given.get("end_date"), end=True),
        limit=_bounded(given.get("limit")),
    )
    rows = await messages.search(context.tx, context.org_id, wanted)
    found = [
        {"timestamp": row["created_at"].isoformat(), "role": row["role"], "content": row["text"]}
        for row in rows
    ]
    return orjson.dumps({"results": found, "count": len(found)}).decode()


async def archival_insert(context: Context, call: Prepared) -> str:
    """Keep a fact."""
    embedding = context.models.embedding
    assert embedding is not None
    assert call.vector is not None
    tags = tuple(call.arguments.get("tags") or ())
    passage = archives.NewPassage(call.arguments["content"], call.vector, embedding, tags)
    async with context.tx.transaction():  # a refusal by the database must not take the step with it
        await archives.insert(context.tx, context.org_id, context.agent_id, passage)
    return "Stored in archival memory."


async def archival_search(context: Context, call: Prepared) -> str:
    """Facts by meaning, tag and date."""
    embedding = context.models.embedding
    assert embedding is not None
    assert call.vector is not None
    given = call.arguments
    wanted = archives.Search(
        call.vector,
        embedding,
        _bounded(given.get("top_k")),
        tuple(given.get("tags") or ()),
        given.get("tag_match_mode", "any"),
        moment(given.get("start_datetime")),
        moment(given.get("end_datetime"), end=True),
    )
    found = await archives.search(context.tx, context.org_id, context.agent_id, wanted)
    return orjson.dumps({"results": found, "count": len(found)}).decode()


def _bounded(limit: int | None) -> int:
    return min(max(limit or PAGE, 1), LONGEST_SEARCH)
