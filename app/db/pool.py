"""The asyncpg pool as the rest of the server sees it: named statements, bounded waits, no session state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import asyncpg
import orjson

from app.db import connect
from app.db.monitor import Monitor
from app.errors import Unavailable
from app.telemetry import metrics

ACQUIRE_SECONDS = 2.0
IDLE_SECONDS = 300.0
COMMAND_SECONDS = 10.0

Row = asyncpg.Record
UniqueViolation = asyncpg.UniqueViolationError


@dataclass(frozen=True)
class Statement:
    """One SQL statement with the name under which metrics know it. `$1` is the organisation's id."""

    name: str
    sql: str


class ServerStatement(Statement):
    """A statement of the server itself, for all organisations or none: leases, keys, seeds, probes."""


class _Connection(asyncpg.Connection):
    """A connection without asyncpg's reset query, which costs a round trip per release.

    Safe as long as nothing sets session state on a pooled connection: no SET, LISTEN or session locks.
    """

    _ended_by_us = False
    on_reset: Callable[[], None]

    @property
    def lost(self) -> bool:
        """Whether it is closed, and not because we closed it."""
        return self.is_closed() and not self._ended_by_us

    def get_reset_query(self) -> str:
        return ""

    async def reset(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 (asyncpg's name)
        await super().reset(timeout=timeout)
        self.on_reset()

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 (asyncpg's name)
        self._ended_by_us = self._ended_by_us or not self.is_closed()
        await super().close(timeout=timeout)

    def terminate(self) -> None:
        self._ended_by_us = self._ended_by_us or not self.is_closed()
        super().terminate()


class Session:
    """Runs statements on one connection; what `Database.tx` hands out."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def transaction(self) -> Any:
        """A context manager that commits, or rolls back on an exception."""
        return self._connection.transaction()

    async def row(self, statement: Statement, *args: object) -> Row | None:
        """The first row, or None."""
        started = perf_counter()
        try:
            return await self._connection.fetchrow(statement.sql, *args)
        finally:
            metrics.STATEMENT_SECONDS.labels(statement.name).observe(perf_counter() - started)

    async def rows(self, statement: Statement, *args: object) -> list[Row]:
        """All rows."""
        started = perf_counter()
        try:
            return await self._connection.fetch(statement.sql, *args)
        finally:
            metrics.STATEMENT_SECONDS.labels(statement.name).observe(perf_counter() - started)

    async def value(self, statement: Statement, *args: object) -> Any:
        """The first column of the first row, or None."""
        found = await self.row(statement, *args)
        return found[0] if found else None


class Database:
    """The process's pool. Every method takes one connection for as long as the call lasts."""

    def __init__(self, pool: asyncpg.Pool, patience: float, monitor: Monitor) -> None:
        self._pool = pool
        self._patience = patience
        self.monitor = monitor
        monitor.pool = pool

    @classmethod
    async def open(
        cls,
        target: connect.Target,
        *,
        size: int,
        overflow: int = 0,
        application: str = "roost-server",
        patience: float = ACQUIRE_SECONDS,
        idle: float = IDLE_SECONDS,
        command: float = COMMAND_SECONDS,
    ) -> Database:
        """Create the pool without connecting, so that a late database does not keep us from starting.

        `overflow`: connections besides `size` for when it is busy; `patience`: seconds to wait for a free
        connection; `idle`: after which an unused one is closed;
        `command`: after which a statement is given up.
        """
        settings = connect.arguments(target, application=application)
        # Filtered vector search keeps scanning until enough rows match (pgvector 0.8).
        settings["server_settings"] = settings["server_settings"] | {"hnsw.iterative_scan": "strict_order"}
        monitor = Monitor(application, size, overflow)
        pool = asyncpg.create_pool(
            **settings,
            min_size=0,
            max_size=size + overflow,
            init=monitor.opened,
            command_timeout=command,
            max_inactive_connection_lifetime=idle,
            connection_class=_Connection,
        )
        await pool
        return cls(pool, patience, monitor)

    async def close(self, seconds: float = 5) -> None:
        """Close the connections; those still busy after `seconds` are cut."""
        try:
            await asyncio.wait_for(self._pool.close(), seconds)
        except TimeoutError:
            self._pool.terminate()

    async def row(self, statement: Statement, *args: object) -> Row | None:
        """The first row, or None."""
        async with self._session() as session:
            return await session.row(statement, *args)

    async def rows(self, statement: Statement, *args: object) -> list[Row]:
        """All rows."""
        async with self._session() as session:
            return await session.rows(statement, *args)

    async def value(self, statement: Statement, *args: object) -> Any:
        """The first column of the first row, or None."""
        async with self._session() as session:
            return await session.value(statement, *args)

    @asynccontextmanager
    async def tx(self) -> AsyncGenerator[Session]:
        """A transaction. Never keep it open across an await on the network."""
        async with self._session() as session:
            async with session.transaction():
                yield session

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[Session]:
        try:
            with self.monitor.waiting():
                connection = await self._pool.acquire(timeout=self._patience)
        except TimeoutError:
            raise Unavailable("The database has no free connection for this request; try again.") from None
        except (
            OSError,
            asyncpg.PostgresConnectionError,
            asyncpg.InvalidAuthorizationSpecificationError,
        ) as error:
            raise Unavailable(
                f"The database cannot be reached ({type(error).__name__}); try again."
            ) from error
        with self.monitor.using():
            try:
                yield Session(connection)
            finally:
                await self._pool.release(connection)


def to_json(value: object) -> str:
    """JSON text for a `jsonb` parameter; NUL, which Postgres cannot store, is left out."""
    text = orjson.dumps(value).decode()
    return orjson.dumps(_without_nul(orjson.loads(text))).decode() if "\\u0000" in text else text


def array(rows: Sequence[Row]) -> bytes:
    """A JSON array of rows whose only column is JSON text."""
    return b"[" + b",".join(row[0].encode() for row in rows) + b"]"


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value
