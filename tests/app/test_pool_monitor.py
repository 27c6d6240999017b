"""The pool's statistics against what the pool really went through, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY

from app.db.monitor import EVENTS
from app.db.pool import Database, ServerStatement
from app.errors import Unavailable
from app.settings import DatabaseSettings
from tests.app.conftest import application
from tests.support import postgres

SLEEP = ServerStatement("sleep", "SELECT pg_sleep($1)")
PID = ServerStatement("pid", "SELECT pg_backend_pid()")

_names = (f"pool-{n}" for n in itertools.count())
Opened = Callable[..., Any]


@pytest.fixture
def opened(cluster: postgres.Cluster, database: str) -> Opened:
    """Opens a pool of its own name, as the server's login."""
    target = DatabaseSettings.model_validate(application(cluster, database))

    @asynccontextmanager
    async def open_(**options: Any) -> AsyncGenerator[tuple[str, Database]]:
        name = next(_names)
        pool = await Database.open(target, application=name, **options)
        try:
            yield name, pool
        finally:
            await pool.close()

    return open_


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine."""
    asyncio.run(asyncio.wait_for(work, 30))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it; the test's own deadline bounds the wait."""
    while not condition():  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(0.02)


def value(metric: str, name: str, **labels: str) -> float:
    """A sample of this pool's."""
    return REGISTRY.get_sample_value(metric, {"engine_name": name} | labels) or 0.0


def events(name: str) -> dict[str, int]:
    """The events that happened, without those that did not."""
    found = {event: value("count_db_pool_connection_events_total", name, event=event) for event in EVENTS}
    return {event: int(count) for event, count in found.items() if count}


def test_what_happens_to_a_connection_is_counted(opened: Opened) -> None:
    async def work() -> None:
        async with opened(size=2, idle=0.3) as (name, pool):
            await pool.value(PID)
            await pool.value(PID)
            assert events(name) == {"connect": 1, "first_connect": 1, "checkout": 2, "checkin": 2, "reset": 2}
            assert value("hist_db_pool_connection_duration_ms_count", name) == 2
            await until(lambda: pool.monitor.statistics().size == 0)
            await asyncio.sleep(0)  # its end is told in the loop's next turn
            assert events(name) | {"soft_invalidate": 1, "close": 1} == events(name)
            await pool.value(PID)
        await asyncio.sleep(0)
        assert (events(name)["connect"], events(name)["close"]) == (2, 2)
        assert events(name)["soft_invalidate"] == 1, "closing the pool retires nothing"

    run(work())


def test_a_connection_that_the_database_cut_is_invalidated(opened: Opened, cluster: postgres.Cluster) -> None:
    async def work() -> None:
        async with opened(size=1) as (name, pool):
            sleeping = asyncio.create_task(pool.value(SLEEP, 20))
            await until(lambda: pool.monitor.statistics().in_use == 1)
            await asyncio.to_thread(
                cluster.sql,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE application_name = '{name}' AND pid <> pg_backend_pid()",
            )
            with pytest.raises(asyncpg.PostgresError):
                await sleeping
            await asyncio.sleep(0.05)
            assert events(name) == {
                "connect": 1, "first_connect": 1, "checkout": 1, "checkin": 1, "invalidate": 1, "close": 1
            }  # fmt: skip
            assert await pool.value(PID)

    run(work())


def test_an_exhausted_pool_says_how_it_stands_and_says_it_once(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with opened(size=1, overflow=1, patience=0.3) as (name, pool):
            busy = [asyncio.create_task(pool.value(SLEEP, 1.5)) for _ in range(2)]
            await until(lambda: pool.monitor.statistics().in_use == 2)
            waiting = [asyncio.create_task(pool.value(PID)) for _ in range(3)]
            await asyncio.sleep(0.05)
            pool.monitor.publish()
            assert value("db_pool_waiters", name) == 3
            assert value("gauge_db_pool_connections_total", name) == 2
            assert value("gauge_db_pool_connections_overflow", name) == 1
            assert value("gauge_db_pool_connections_available", name) == 0
            assert value("db_pool_utilization_ratio", name) == 1
            refused = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(error) for error in refused] == [Unavailable] * 3
            assert value("db_pool_checkout_timeout_total", name) == 3
            await asyncio.gather(*busy)
            pool.monitor.publish()
            assert (value("db_pool_in_use", name), value("db_pool_waiters", name)) == (0, 0)

    with caplog.at_level(logging.WARNING, "roost.db.pool"):
        run(work())
    said = [vars(record) for record in caplog.records if record.name == "roost.db.pool"]
    assert [(line["exhausted"], line["pool_limit"], line["pool_in_use"]) for line in said] == [(True, 2, 2)]


def test_a_database_that_is_not_there_is_an_error_by_kind() -> None:
    async def work() -> None:
        target = DatabaseSettings.model_validate({"LETTA_PG_HOST": "127.0.0.1", "LETTA_PG_PORT": "1"})
        name = next(_names)
        pool = await Database.open(target, size=1, application=name)
        with pytest.raises(Unavailable):
            await pool.value(PID)
        assert (
            value("count_db_pool_connection_errors_total", name, exception_type="ConnectionRefusedError") == 1
        )
        await pool.close()

    run(work())
