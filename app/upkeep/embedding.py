"""Jobs on vectors: an index for the dimension in use, and vectors of new messages where a setting asks."""

from __future__ import annotations

import logging
from uuid import UUID

from app.db import vectors
from app.db.pool import Database, Row, ServerStatement
from app.models.service import Embedding, Models

log = logging.getLogger("roost.upkeep")

TABLES = ("passages", "message_vectors")
CHARACTERS = 8000
"""What of a longer message is embedded: its beginning."""
AGENTS, MESSAGES = 50, 32
"""Agents looked at in one round, and messages of one agent embedded in one call."""

ADD_INDEX = ServerStatement("add_vector_index", "SELECT add_vector_index($1, $2)")

BEHIND = ServerStatement(
    "list_agents_without_vectors",
    """SELECT a.id, a.org_id, coalesce(k.seq, 1) AS seq FROM agents a
    LEFT JOIN message_vector_marks k ON k.agent_id = a.id
    WHERE a.next_seq - 1 > coalesce(k.seq, 1) LIMIT $1""",
)

NEXT = ServerStatement(
    "list_messages_without_vectors",
    """SELECT id, seq, role, text, created_at FROM messages
    WHERE agent_id = $1 AND seq > $2 ORDER BY seq LIMIT $3""",
)

STORE = ServerStatement(
    "store_message_vectors",
    """WITH marked AS (
        INSERT INTO message_vector_marks AS k (agent_id, seq) VALUES ($2, $3)
        ON CONFLICT (agent_id) DO UPDATE SET seq = greatest(k.seq, excluded.seq))
    INSERT INTO message_vectors (message_id, org_id, agent_id, created_at, embedding, embedding_dim,
        embedding_model)
    SELECT v.id, $1, $2, v.created_at, v.embedding::vector, $7, $8
    FROM unnest($4::uuid[], $5::timestamptz[], $6::text[]) AS v (id, created_at, embedding)
    ON CONFLICT (message_id) DO NOTHING""",
)


async def add_index(db: Database, embedding: Embedding) -> str | None:
    """See to it that vectors of the server's embedding model have an index."""
    for table in TABLES:
        if not await db.value(ADD_INDEX, table, embedding.dimension):
            log.warning(
                "too many vectors have no index to build one while servers write; make it as the owner of the"
                " table, CONCURRENTLY, like those of the other dimensions",
                extra={"table": table, "dimension": embedding.dimension},
            )
    return None


async def embed_messages(db: Database, models: Models, embedding: Embedding) -> str | None:
    """Give vectors to the messages that have none yet, old ones included."""
    total = 0
    while agents := await db.rows(BEHIND, AGENTS):
        for agent in agents:
            total += await _embed(db, models, embedding, agent)
    return f"{total} messages embedded" if total else None


async def _embed(db: Database, models: Models, embedding: Embedding, agent: Row) -> int:
    rows = await db.rows(NEXT, agent["id"], agent["seq"], MESSAGES)
    spoken = [row for row in rows if row["text"] and row["role"] in {"user", "assistant", "system"}]
    found = await models.embed([row["text"][:CHARACTERS] for row in spoken]) if spoken else []
    ids: list[UUID] = [row["id"] for row in spoken]
    # Without rows the numbers up to here belong to messages that are gone.
    seen = rows[-1]["seq"] if rows else agent["seq"] + MESSAGES
    await db.rows(
        STORE, agent["org_id"], agent["id"], seen, ids, [row["created_at"] for row in spoken],
        [vectors.encode(vector) for vector in found], embedding.dimension, embedding.handle,
    )  # fmt: skip
    return len(spoken)
