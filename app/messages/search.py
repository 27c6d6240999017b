"""Search of messages by words, by meaning, or by both, of one agent or of the whole organisation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db import vectors
from app.db.pool import Database, Row, Session
from app.messages import search_queries as queries
from app.models.service import Embedding

RANK_CONSTANT = 60
"""Of reciprocal rank fusion: how little the first ranks differ."""

POOL = 4
"""How many times the wanted count each kind of search brings to the fusion."""

ROLES = ("user", "assistant", "system")


@dataclass(frozen=True)
class Meaning:
    """A query's vector, and the model that made it."""

    vector: list[float]
    embedding: Embedding


@dataclass(frozen=True)
class Search:
    """What is looked for: words, a meaning, or both; neither lists an agent's newest messages."""

    words: str | None = None
    meaning: Meaning | None = None
    agent_id: UUID | None = None
    conversation_id: UUID | None = None
    roles: tuple[str, ...] = ROLES
    start: datetime | None = None
    end: datetime | None = None
    limit: int = 5

    def filters(self, org_id: UUID) -> list[object]:
        """`$1` to `$6` of every statement."""
        return [org_id, self.agent_id, list(self.roles), self.conversation_id, self.start, self.end]


async def search(db: Database | Session, org_id: UUID, wanted: Search) -> list[Row]:
    """Messages, best first: `id`, `agent_id`, `conversation_id`, `role`, `text`, `created_at`."""
    match wanted.words, wanted.meaning:
        case None, None:
            return await db.rows(queries.LATEST, *wanted.filters(org_id), wanted.limit)
        case str(words), None:
            return await _by_words(db, org_id, wanted, words, wanted.limit)
        case None, Meaning() as meaning:
            return await _by_meaning(db, org_id, wanted, meaning, wanted.limit)
        case words, meaning:
            by_words = await _by_words(db, org_id, wanted, words, wanted.limit * POOL)
            by_meaning = await _by_meaning(db, org_id, wanted, meaning, wanted.limit * POOL)
            return fused([by_words, by_meaning])[: wanted.limit]


def fused(lists: Iterable[Sequence[Any]]) -> list[Any]:
    """Several rankings as one, by reciprocal rank; rows with the same `id` are the same."""
    scores: dict[Any, float] = {}
    rows: dict[Any, Any] = {}
    for ranking in lists:
        for rank, row in enumerate(ranking, start=1):
            scores[row["id"]] = scores.get(row["id"], 0) + 1 / (RANK_CONSTANT + rank)
            rows[row["id"]] = row
    return sorted(rows.values(), key=lambda row: -scores[row["id"]])


async def _by_words(
    db: Database | Session, org_id: UUID, wanted: Search, words: str, limit: int
) -> list[Row]:
    return await db.rows(queries.BY_WORDS, *wanted.filters(org_id), words, limit)


async def _by_meaning(
    db: Database | Session, org_id: UUID, wanted: Search, meaning: Meaning, limit: int
) -> list[Row]:
    args = [*wanted.filters(org_id), vectors.encode(meaning.vector), limit, meaning.embedding.handle]
    of_agent, dimension = wanted.agent_id is not None, meaning.embedding.dimension
    rows = await db.rows(queries.by_vector(dimension, of_agent=of_agent), *args)
    if len(rows) < limit and (not rows or rows[0]["approximate"]):
        rows = await db.rows(queries.by_vector(dimension, of_agent=of_agent, exact=True), *args)
    return rows
