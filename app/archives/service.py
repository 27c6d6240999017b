"""Archival memory: passages with their vectors, in one archive per agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from app.archives import queries
from app.db import keyset, vectors
from app.db.pool import Database, Row, Session, array, to_json
from app.errors import Conflict, NotFound, Unprocessable, constraint_of
from app.http import ids
from app.models.service import Embedding

MAX_CHARACTERS = 32_768
"""About 8,192 tokens, upstream's limit of one passage."""


@dataclass(frozen=True)
class NewPassage:
    """A text with its vector, ready to be stored."""

    text: str
    vector: list[float]
    embedding: Embedding
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None


@dataclass(frozen=True)
class Search:
    """A search by meaning, with filters."""

    vector: list[float]
    embedding: Embedding
    limit: int = 5
    tags: tuple[str, ...] = ()
    tag_mode: Literal["any", "all"] = "any"
    start: datetime | None = None
    end: datetime | None = None

    def filters(self) -> dict[str, object]:
        """The filters in use, by name in `queries.FILTERS`."""
        wanted = {f"tags_{self.tag_mode}": list(self.tags) or None, "start": self.start, "end": self.end}
        return {name: value for name, value in wanted.items() if value is not None}


def check_text(text: str) -> None:
    """Raise Unprocessable for a text that is empty or too long for one passage."""
    if not text.strip():
        raise Unprocessable("The text is empty; there is nothing to remember.")
    if len(text) > MAX_CHARACTERS:
        raise Unprocessable(
            f"The text has {len(text)} characters; one passage holds {MAX_CHARACTERS}. Split it."
        )


async def insert(db: Database | Session, org_id: UUID, agent_id: UUID, passage: NewPassage) -> str:
    """Store a passage; its JSON. Raises NotFound for the agent, Conflict for a mix of embedding models."""
    tags = sorted(set(passage.tags))
    args = (
        org_id, agent_id, ids.new(), passage.embedding.handle, passage.embedding.dimension,
        to_json(passage.embedding.config()), passage.text, vectors.encode(passage.vector), tags, ids.new(),
        passage.created_at,
    )  # fmt: skip
    try:
        found = await db.value(queries.INSERT, *args)
    except asyncpg.ForeignKeyViolationError as error:
        if constraint_of(error) != "fk_passages_archive":
            raise
        raise Conflict(
            f"The agent's archive holds vectors of another model than {passage.embedding.handle};"
            " re-embed the archive or give the server its old embedding model."
        ) from None
    except asyncpg.UniqueViolationError:
        if isinstance(db, Session):
            raise  # the transaction is lost; its owner tries again
        found = await db.value(queries.INSERT, *args)
    if found is None:
        raise NotFound(f"There is no agent agent-{agent_id}.")
    return found


async def list_of_agent(
    db: Database, org_id: UUID, agent_id: UUID, page: keyset.Page, search: str | None
) -> bytes:
    """An agent's passages as a JSON array; `search` is a substring."""
    args: list[object] = [org_id, agent_id]
    where: list[str] = []
    if search:
        args.append(search)
        where.append("t.text ILIKE '%' || $3 || '%'")
    return array(await keyset.fetch(db, queries.LIST, page, args, where))


async def search(
    db: Database | Session, org_id: UUID, agent_id: UUID, wanted: Search
) -> list[dict[str, Any]]:
    """The nearest passages as `{id, timestamp, content, tags}`. Raises what `insert` raises."""
    filters = wanted.filters()
    dimension, names = wanted.embedding.dimension, list(filters)
    args = (org_id, agent_id, vectors.encode(wanted.vector), wanted.limit, *filters.values())
    rows = await db.rows(queries.search(dimension, names), *args)
    if len(rows) < wanted.limit and (not rows or rows[0]["approximate"]):
        rows = await db.rows(queries.search(dimension, names, exact=True), *args)
    if not rows:
        await _check_archive(db, org_id, agent_id, wanted.embedding)
    return _results(rows)


async def delete(db: Database, org_id: UUID, agent_id: UUID, passage_id: UUID) -> None:
    """Forget a passage. Raises NotFound."""
    if await db.value(queries.DELETE, org_id, agent_id, passage_id) is None:
        raise NotFound(f"The agent agent-{agent_id} has no passage passage-{passage_id}.")


async def _check_archive(db: Database | Session, org_id: UUID, agent_id: UUID, embedding: Embedding) -> None:
    found = await db.row(queries.EMBEDDING_OF_AGENT, org_id, agent_id)
    if found is None:
        raise NotFound(f"There is no agent agent-{agent_id}.")
    kept = (found["embedding_model"], found["embedding_dim"])
    if kept[0] is not None and kept != (embedding.handle, embedding.dimension):
        raise Conflict(
            f"The agent's archive holds vectors of {kept[0]}, the server now uses {embedding.handle};"
            " re-embed the archive or give the server its old embedding model."
        )


def _results(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"passage-{row['id']}",
            "timestamp": row["created_at"].isoformat(),
            "content": row["text"],
            "tags": row["tags"],
        }
        for row in rows
    ]
