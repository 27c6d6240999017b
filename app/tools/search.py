"""Search of tools: by words, by meaning, or by both with reciprocal ranks added."""

from __future__ import annotations

import hashlib
from uuid import UUID

from app.db.pool import Database, array
from app.db.vectors import encode
from app.errors import BadRequest
from app.models.service import Models
from app.tools import search_queries as queries
from app.tools.schemas import SearchTools

BATCH = 64
"""Texts that one search sends to be embedded, at most; the next search goes on."""
MAX_TEXT = 4000


async def search(db: Database, models: Models, org_id: UUID, body: SearchTools) -> bytes:
    """Letta's ToolSearchResults as a JSON array. Raises BadRequest, ModelError."""
    query = (body.query or "").strip()
    vector: str | None = None
    if query and body.search_mode == "vector" and models.embedding is None:
        raise BadRequest(
            "This server has no embedding model to search by meaning with; use search_mode `fts`."
        )
    if query and body.search_mode != "fts" and models.embedding is not None:
        await _embed_new(db, models, org_id)
        vector = encode((await models.embed([query[:MAX_TEXT]]))[0])
    words = query if query and body.search_mode != "vector" else None
    model = models.embedding.handle if models.embedding else None
    rows = await db.rows(queries.SEARCH, org_id, words, vector, model, body.tool_types, body.tags, body.limit)
    return array(rows)


async def _embed_new(db: Database, models: Models, org_id: UUID) -> None:
    """Make the vectors of tools that have none yet, or changed since, or were made by another model."""
    assert models.embedding is not None
    rows = await db.rows(queries.WITHOUT_VECTOR, org_id, models.embedding.handle, BATCH)
    if not rows:
        return
    texts = [row["text"][:MAX_TEXT] for row in rows]
    vectors = [encode(vector) for vector in await models.embed(texts)]
    digests = [hashlib.md5(row["text"].encode(), usedforsecurity=False).hexdigest() for row in rows]
    tool_ids = [row["id"] for row in rows]
    await db.rows(queries.STORE, org_id, models.embedding.handle, tool_ids, digests, vectors)
