"""Work that one server does for all: leases that hold, deadlines, partitions, retention, vectors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.db.pool import Database
from app.http.lifecycle import Lifecycle
from app.settings import DatabaseSettings
from app.upkeep import history
from app.upkeep.scheduler import Job, Scheduler
from tests.app.conftest import LOGINS, application
from tests.app.test_operations import wait_for
from tests.support import postgres, server
from tests.support.model import Model, Say

ORGANIZATION = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def db(cluster: postgres.Cluster, database: str) -> AsyncIterator[Database]:
    """A pool of the server's login."""
    variables: dict[str, Any] = application(cluster, database)
    opened = await Database.open(DatabaseSettings(**variables), size=4)
    yield opened
    await opened.close()


@pytest.fixture
def sql(cluster: postgres.Cluster, database: str) -> Any:
    """Runs SQL as the master, from a thread so that a test's loop goes on."""

    async def run(statement: str) -> str:
        return await asyncio.to_thread(cluster.sql, statement, database)

    return run


def schedulers(db: Database, job: Job, count: int) -> list[Scheduler]:
    """As many servers with the same job."""
    return [Scheduler(db, Lifecycle(), f"server {n}", [job]) for n in range(count)]


async def test_a_job_runs_on_one_server_and_again_after_its_interval(db: Database, sql: Any) -> None:
    ran: list[int] = []

    async def work() -> None:
        ran.append(1)
        await asyncio.sleep(0.2)

    job = Job("count", 3600, 10, work)
    await asyncio.gather(*(one.tick() for one in schedulers(db, job, 4)))
    assert len(ran) == 1
    await schedulers(db, job, 1)[0].tick()
    assert len(ran) == 1
    await sql("UPDATE roost.job_leases SET last_started_at = now() - interval '2 hours'")
    await asyncio.gather(*(one.tick() for one in schedulers(db, job, 4)))
    assert len(ran) == 2


async def test_a_dead_servers_job_is_taken_over_when_its_lease_is_over(db: Database, sql: Any) -> None:
    ran: list[int] = []

    async def work() -> None:
        ran.append(1)

    job = Job("count", 0, 10, work)
    lease = "INSERT INTO roost.job_leases VALUES ('count', 'dead', now() + interval '1 minute', now())"
    await sql(lease)
    (other,) = schedulers(db, job, 1)
    await other.tick()
    assert ran == []
    await sql("UPDATE roost.job_leases SET expires_at = now()")
    await other.tick()
    assert ran == [1]


async def test_a_job_is_cut_at_its_deadline_and_tried_again_soon(
    db: Database, sql: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        await asyncio.sleep(60)

    (one,) = schedulers(db, Job("endless", 3600, 0.1, work), 1)
    await one.tick()
    assert "too long" in caplog.text
    assert "not done within 0.1 seconds" in await sql("SELECT last_error FROM roost.job_leases")
    due = "round(extract(epoch FROM last_started_at + interval '1 hour' - now()))"
    wait = f"SELECT {due} FROM roost.job_leases"
    assert 50 <= float(await sql(wait)) <= 60


async def test_a_failing_job_is_logged_and_stops_no_other(
    db: Database, sql: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[int] = []

    async def broken() -> None:
        raise ValueError("out of cheese")

    async def fine() -> None:
        ran.append(1)

    await Scheduler(db, Lifecycle(), "x", [Job("broken", 1, 5, broken), Job("fine", 1, 5, fine)]).tick()
    assert ran == [1]
    assert "out of cheese" in caplog.text
    errors = "SELECT string_agg(coalesce(last_error, '-'), ' ' ORDER BY name) FROM roost.job_leases"
    assert await sql(errors) == "ValueError: out of cheese -"


async def agent(sql: Any, *, context_start: int = 2) -> str:
    """An agent's row."""
    made = str(uuid4())
    await sql(
        "INSERT INTO roost.agents (id, org_id, name, agent_type, system, model, llm_config, prompt_key,"
        f" context_start) VALUES ('{made}', '{ORGANIZATION}', 'a', 'letta_v1_agent', '', 'm', '{{}}', '',"
        f" {context_start})"
    )
    return made


async def message(sql: Any, agent_id: str, seq: int, when: str, otid: str | None = None) -> None:
    """A message's row."""
    quoted = f"'{otid}'" if otid else "NULL"
    await sql(
        "INSERT INTO roost.messages (id, org_id, agent_id, seq, role, text, otid, created_at) VALUES"
        f" (gen_random_uuid(), '{ORGANIZATION}', '{agent_id}', {seq}, 'user', 'm{seq}', {quoted}, {when})"
    )


async def places(sql: Any) -> str:
    """Which message is in which partition."""
    return await sql(
        "SELECT string_agg(text || ':' || tableoid::regclass::text, ' ' ORDER BY seq) FROM roost.messages"
    )


async def test_rows_beyond_the_partitions_move_into_the_month_when_it_is_made(db: Database, sql: Any) -> None:
    agent_id = await agent(sql)
    month = "date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
    await message(sql, agent_id, 2, f"{month} + interval '5 days'", otid="one")
    months = "SELECT string_agg(relname, ' ') FROM pg_class WHERE relname ~ '^messages_[0-9]{4}_[0-9]{2}$'"
    for table in (await sql(months)).split():
        await sql(f"DROP TABLE roost.{table}")
    await message(sql, agent_id, 3, f"{month} + interval '5 days'")
    assert (await places(sql)).endswith("m3:roost.messages_rest")
    assert await history.add_partitions(db) == "3 partitions made"
    assert await history.add_partitions(db) is None
    assert "messages_rest" not in await places(sql)
    assert (await places(sql)).startswith("m3:roost.messages_2")


async def test_retention_drops_months_and_keeps_what_agents_see(db: Database, sql: Any) -> None:
    agent_id = await agent(sql, context_start=4)
    await sql(
        "CREATE TABLE roost.messages_2001_01 PARTITION OF roost.messages"
        " FOR VALUES FROM ('2001-01-01Z') TO ('2001-02-01Z')"
    )
    await sql("ALTER TABLE roost.messages_2001_01 OWNER TO roost_migrator")
    for seq in (1, 2, 3, 4):
        await message(sql, agent_id, seq, "'2001-01-15Z'", otid=f"old {seq}")
    await message(sql, agent_id, 5, "now()", otid="new")
    assert await history.retain(db, 30_000) is None
    assert await history.retain(db, 30) == "1 months dropped"
    found = (await places(sql)).split()
    assert found[:2] == ["m1:roost.messages_rest", "m4:roost.messages_rest"]
    assert len(found) == 3
    assert await sql("SELECT count(*) FROM roost.message_otids") == "3"
    assert await history.forget_otids(db) == "2 otids forgotten"


async def test_only_who_may_delete_messages_changes_partitions(
    cluster: postgres.Cluster, database: str
) -> None:
    connection = await asyncpg.connect(
        host=cluster.host, port=cluster.port, database=database,
        user=LOGINS["ROOST_READONLY_USER"], password=LOGINS["ROOST_READONLY_PASSWORD"],
    )  # fmt: skip
    try:
        await connection.execute("SET default_transaction_read_only = off")
        for call in ("add_message_partitions(1)", "drop_message_partition(now())", "add_vector_index('', 9)"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"SELECT roost.{call}")
    finally:
        await connection.close()


@pytest.fixture
def embedding_server(cluster: postgres.Cluster, database: str, model: Model) -> Iterator[server.Server]:
    """A server that embeds messages, on a database of its own."""
    extra = {"LETTA_EMBED_ALL_MESSAGES": "true"}
    with server.running(server.environment(application(cluster, database), model, **extra)) as running:
        yield running


def test_messages_get_vectors_and_are_found_by_meaning(
    embedding_server: server.Server, cluster: postgres.Cluster, database: str, model: Model
) -> None:
    model.script = lambda _: Say("Noted.")
    client = embedding_server.client()
    agent = client.agents.create()
    for text in ("the ferry leaves at nine", "tea is served at four"):
        client.agents.messages.create(agent.id, input=text)
    wait_for(lambda: cluster.sql("SELECT count(*) FROM roost.message_vectors", database) == "4", 60)
    search = client.messages.search
    by_meaning = search(query="tea at four", agent_id=agent.id, search_mode="vector", limit=2)
    assert by_meaning[0].content == "tea is served at four"
    assert len(by_meaning) == 2
    both = search(query="ferry", agent_id=agent.id, search_mode="hybrid")
    assert both[0].content == "the ferry leaves at nine"
    assert len(both) == 4
    everywhere = search(query="ferry", search_mode="vector", limit=1)
    assert everywhere[0].agent_id == agent.id
    indexes = cluster.sql("SELECT count(*) FROM pg_indexes WHERE indexname ~ 'hnsw_384'", database)
    assert indexes == "2"
