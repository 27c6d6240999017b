"""Nearest passages are the true ones: in small archives beside large ones, for rare tags in large ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.archives import service
from app.db import vectors
from app.db.pool import Database
from app.llm.types import Endpoint
from app.models.service import Embedding
from app.settings import DatabaseSettings
from tests.app.conftest import application
from tests.support import postgres

ORGANIZATION = UUID("00000000-0000-4000-8000-000000000000")
DIMENSION, LARGE, SMALL, RARE = 8, 5_000, 40, 7
MODEL = Embedding(Endpoint("http://nowhere", None), "test/small", DIMENSION)
QUERY = [1.0, 0.5, 0.25, 0.1, 0.0, 0.3, 0.7, 0.9]


@pytest.fixture
async def connection(cluster: postgres.Cluster, database: str) -> AsyncIterator[Any]:
    """The master's connection."""
    opened = await asyncpg.connect(
        host=cluster.host, port=cluster.port, user=cluster.user, password=cluster.password,
        database=database, server_settings={"search_path": "roost,public"},
    )  # fmt: skip
    yield opened
    await opened.close()


@pytest.fixture
async def db(cluster: postgres.Cluster, database: str) -> AsyncIterator[Database]:
    """A pool of the server's login."""
    variables: dict[str, Any] = application(cluster, database)
    opened = await Database.open(DatabaseSettings(**variables), size=2)
    yield opened
    await opened.close()


async def archive(connection: Any, size: int) -> UUID:
    """An agent whose archive has `size` random passages, a few of them with a rare tag; the agent's id."""
    agent, made = uuid4(), uuid4()
    await connection.execute(
        "INSERT INTO agents (id, org_id, name, agent_type, system, model, llm_config, prompt_key)"
        " VALUES ($1, $2, 'a', 'letta_v1_agent', '', 'm', '{}', '')",
        agent, ORGANIZATION,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO archives (id, org_id, name, embedding_model, embedding_dim, passage_count)"
        " VALUES ($1, $2, 'a', $3, $4, $5)",
        made, ORGANIZATION, MODEL.handle, DIMENSION, size,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO archives_agents (agent_id, archive_id) VALUES ($1, $2)", agent, made
    )
    await connection.execute(
        "INSERT INTO passages (id, org_id, archive_id, text, embedding, embedding_dim, embedding_model, tags)"
        " SELECT gen_random_uuid(), $1, $2, 'p' || n, ARRAY(SELECT random() + 0 * n"
        f" FROM generate_series(1, $3))::vector, $3, $4,"
        f" CASE WHEN n <= {RARE} THEN '{{rare}}'::text[] ELSE '{{}}' END FROM generate_series(1, $5) n",
        ORGANIZATION, made, DIMENSION, MODEL.handle, size,
    )  # fmt: skip
    return agent


async def truth(connection: Any, agent: UUID, limit: int, tag: str | None = None) -> list[str]:
    """The nearest by sorting."""
    rows = await connection.fetch(
        "SELECT p.text FROM passages p JOIN archives_agents x USING (archive_id) WHERE x.agent_id = $1"
        " AND ($2::text IS NULL OR p.tags @> ARRAY[$2]) "
        " ORDER BY p.embedding <=> $3::text::vector, p.text LIMIT $4",
        agent, tag, vectors.encode(QUERY), limit,
    )  # fmt: skip
    return [row["text"] for row in rows]


async def found(db: Database, agent: UUID, limit: int, *tags: str) -> list[str]:
    """What the search answers."""
    wanted = service.Search(QUERY, MODEL, limit, tags)
    return [result["content"] for result in await service.search(db, ORGANIZATION, agent, wanted)]


async def test_nearest_are_found_in_archives_of_any_size(connection: Any, db: Database) -> None:
    assert await connection.fetchval("SELECT add_vector_index('passages', $1)", DIMENSION)
    large, small = await archive(connection, LARGE), await archive(connection, SMALL)
    assert await found(db, small, 10) == await truth(connection, small, 10)
    assert len(await found(db, small, 100)) == SMALL
    assert await found(db, large, 10, "rare") == await truth(connection, large, 10, "rare")
    true, by_index = await truth(connection, large, 20), await found(db, large, 20)
    assert len(set(true) & set(by_index)) >= 18
    assert await found(db, large, 5, "nobody has this") == []


async def test_the_index_serves_a_large_archive_whatever_the_statistics_say(
    connection: Any, db: Database
) -> None:
    """Many small archives make the planner expect a small one."""
    from app.archives import queries

    await connection.fetchval("SELECT add_vector_index('passages', $1)", DIMENSION)
    large = await archive(connection, 3_000)
    for _ in range(50):
        await archive(connection, 20)
    await connection.execute("ANALYZE passages")
    plan = await connection.fetch(
        "EXPLAIN (ANALYZE, COSTS off) " + queries.search(DIMENSION, []).sql,
        ORGANIZATION, large, vectors.encode(QUERY), 5,
    )  # fmt: skip
    text = "\n".join(row[0] for row in plan)
    used = next(line for line in text.splitlines() if f"ix_passages_hnsw_{DIMENSION}" in line)
    assert "never executed" not in used
