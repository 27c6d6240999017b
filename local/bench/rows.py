"""Rows made by SQL: long histories and large archives, which the API would take hours to write."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg

from local.bench import vectors
from local.serving.postgres import Cluster

IN_VIEW = 20
"""Messages of a long history that its agent still sees."""
MAINTENANCE_MEMORY = "2GB"
FILL_SECONDS = 1800.0
CHUNK = 5000

_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_TAIL = struct.pack(">h", -1)
COLUMNS = ("id", "org_id", "archive_id", "text", "embedding", "embedding_dim", "embedding_model")

Work = Callable[[asyncpg.Connection], Awaitable[None]]


def history(cluster: Cluster, database: str, agent: str, count: int) -> None:
    """Give an agent `count` messages, of which it sees the last few."""

    async def fill(connection: asyncpg.Connection) -> None:
        found = await connection.fetchrow("SELECT org_id, next_seq FROM agents WHERE id = $1", UUID(agent))
        assert found is not None
        # The rows refer to what exists; checking a million times takes longer than writing them.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            """INSERT INTO messages (id, org_id, agent_id, seq, role, text)
            SELECT gen_random_uuid(), $1, $2, n, 'user', 'note number ' || n
            FROM generate_series($3::bigint, $3::bigint + $4::bigint - 1) n""",
            found["org_id"], UUID(agent), found["next_seq"], count, timeout=FILL_SECONDS,
        )  # fmt: skip
        end = found["next_seq"] + count
        await connection.execute(
            "UPDATE agents SET next_seq = $2, context_start = $3 WHERE id = $1",
            UUID(agent), end, end - min(IN_VIEW, count),
        )  # fmt: skip
        await connection.execute("VACUUM (ANALYZE) messages", timeout=FILL_SECONDS)

    _run(cluster, database, fill)


def archive(cluster: Cluster, database: str, agent: str, dimension: int, count: int) -> None:
    """Put `count` passages with the vectors 0 to `count` into the agent's archive, then build the index."""

    async def fill(connection: asyncpg.Connection) -> None:
        found = await connection.fetchrow(
            """SELECT r.id, r.org_id, r.embedding_model, r.passage_count FROM archives r
            JOIN archives_agents x ON x.archive_id = r.id WHERE x.agent_id = $1""",
            UUID(agent),
        )
        assert found is not None
        indexes = await connection.fetch(
            "SELECT indexname, indexdef FROM pg_indexes"
            " WHERE tablename = 'passages' AND indexdef LIKE '%hnsw%'"
        )
        for index in indexes:
            await connection.execute(f'DROP INDEX "{index["indexname"]}"')
        await connection.execute("SET session_replication_role = replica")
        await connection.copy_to_table(
            "passages", source=_binary(found, dimension, count), columns=COLUMNS, format="binary",
            timeout=FILL_SECONDS,
        )  # fmt: skip
        await connection.execute(
            "UPDATE archives SET passage_count = $2 WHERE id = $1",
            found["id"],
            found["passage_count"] + count,
        )
        await connection.execute(f"SET maintenance_work_mem = '{MAINTENANCE_MEMORY}'")
        for index in indexes:
            await connection.execute(index["indexdef"], timeout=FILL_SECONDS)
        await connection.execute("VACUUM (ANALYZE) passages", timeout=FILL_SECONDS)

    _run(cluster, database, fill)


def passage_id(number: int) -> UUID:
    """The id of the passage with vector `number`."""
    return UUID(int=(0xA << 124) | number, version=4)


async def _binary(found: asyncpg.Record, dimension: int, count: int) -> AsyncGenerator[bytes]:
    """Rows in Postgres' binary COPY format."""
    fixed = found["org_id"].bytes, found["id"].bytes
    model = found["embedding_model"].encode()
    yield _COPY_HEAD
    for start in range(0, count, CHUNK):
        chunk = vectors.made(dimension, start, min(CHUNK, count - start))
        rows = bytearray()
        for number, vector in enumerate(chunk, start):
            values: tuple[bytes, ...] = (
                passage_id(number).bytes, *fixed, b"note number %d" % number,
                struct.pack(">hh", dimension, 0) + vector.astype(">f4").tobytes(),
                struct.pack(">i", dimension), model,
            )  # fmt: skip
            rows += struct.pack(">h", len(values))
            for value in values:
                rows += struct.pack(">i", len(value)) + value
        yield bytes(rows)
    yield _COPY_TAIL


def _run(cluster: Cluster, database: str, work: Work) -> None:
    async def connected() -> None:
        connection: Any = await asyncpg.connect(
            host=cluster.host, port=cluster.port, user=cluster.user, password=cluster.password,
            database=database, server_settings={"search_path": "roost,public"},
        )  # fmt: skip
        try:
            await work(connection)
        finally:
            await connection.close()

    asyncio.run(connected())
