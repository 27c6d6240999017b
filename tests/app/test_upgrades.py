"""Every migration up, down and up again, and the second one on a database that holds data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from app.db import bootstrap, migrate
from app.db.bootstrap import Login
from app.settings import DatabaseSettings
from tests.app.conftest import LOGINS, application, login, migrator
from tests.support import postgres

ORGANIZATION = "00000000-0000-4000-8000-000000000000"
PATIENCE = migrate.Patience()


@pytest.fixture
def empty(cluster: postgres.Cluster, template: str) -> Iterator[str]:
    """A bootstrapped database without tables."""
    cluster.sql("CREATE DATABASE upgraded")
    names = ("MIGRATOR", "APP", "READONLY")
    logins = [Login(LOGINS[f"ROOST_{name}_USER"], LOGINS[f"ROOST_{name}_PASSWORD"]) for name in names]
    asyncio.run(
        bootstrap.bootstrap(
            settings(login(cluster, "upgraded", cluster.user, cluster.password)), bootstrap.Logins(*logins)
        )
    )
    yield "upgraded"
    cluster.sql("DROP DATABASE upgraded WITH (FORCE)")


def settings(variables: dict[str, str]) -> DatabaseSettings:
    """Settings from LETTA_PG_* values."""
    return DatabaseSettings(**variables)  # pyright: ignore[reportArgumentType]


def revisions() -> list[str]:
    """The chain, oldest first."""
    script = ScriptDirectory.from_config(migrate.config())
    return [revision.revision for revision in script.walk_revisions()][::-1]


def schema_of(cluster: postgres.Cluster, database: str) -> set[str]:
    """Everything that a migration may leave: columns, indexes, constraints, functions, triggers."""
    lines = """
        SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
            FROM information_schema.columns WHERE table_schema = 'roost'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'roost'
        UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = 'roost'::regnamespace
        UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'roost'::regnamespace
        UNION ALL SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal"""
    return set(cluster.sql(f"SELECT string_agg(line, chr(10)) FROM ({lines}) x (line)", database).split("\n"))


def test_every_step_can_be_taken_back(cluster: postgres.Cluster, empty: str) -> None:
    """Up one, down one, up one: what a downgrade leaves is what was there before."""
    target = settings(migrator(cluster, empty))

    async def climb() -> None:
        before = "base"
        for revision in revisions():
            lower = await asyncio.to_thread(schema_of, cluster, empty)
            await migrate.upgrade(target, PATIENCE, revision)
            upper = await asyncio.to_thread(schema_of, cluster, empty)
            if before != "base":  # down to the base leaves alembic's own table, which was not there before
                await migrate.downgrade(target, PATIENCE, before)
                assert await asyncio.to_thread(schema_of, cluster, empty) == lower, f"{revision} down"
                await migrate.upgrade(target, PATIENCE, revision)
                assert await asyncio.to_thread(schema_of, cluster, empty) == upper, f"{revision} up again"
            before = revision

    asyncio.run(climb())


@pytest.fixture
def filled(cluster: postgres.Cluster, empty: str) -> str:
    """A database of the first revision with an agent, a run, and messages of three years."""
    asyncio.run(migrate.upgrade(settings(migrator(cluster, empty)), PATIENCE, "0001_initial"))
    agent, run = uuid4(), uuid4()
    script = f"""
        INSERT INTO roost.agents (id, org_id, name, agent_type, system, model, llm_config, prompt_key,
                next_seq)
            VALUES ('{agent}', '{ORGANIZATION}', 'a', 'letta_v1_agent', '', 'm', '{{}}', '', 1001);
        INSERT INTO roost.runs (id, org_id, agent_id, status)
            VALUES ('{run}', '{ORGANIZATION}', '{agent}', 'completed');
        INSERT INTO roost.messages (id, org_id, agent_id, seq, role, text, otid, run_id, created_at)
            SELECT gen_random_uuid(), '{ORGANIZATION}', '{agent}', n, 'user', 'message ' || n,
                CASE WHEN n % 10 = 0 THEN 'otid ' || n END, '{run}', now() - interval '1 day' * (1000 - n)
            FROM generate_series(1, 1000) n"""
    for statement in script.split(";\n"):
        cluster.sql(statement, empty)
    return empty


DIGEST = """SELECT md5(string_agg(concat_ws('|', id, agent_id, seq, role, text, otid, run_id, created_at), ','
    ORDER BY seq)) FROM roost.messages"""


def test_messages_survive_the_way_to_partitions_and_back(cluster: postgres.Cluster, filled: str) -> None:
    target = settings(migrator(cluster, filled))
    before = cluster.sql(DIGEST, filled)
    asyncio.run(migrate.upgrade(target, PATIENCE))
    assert cluster.sql(DIGEST, filled) == before
    assert cluster.sql("SELECT count(*) FROM roost.message_otids", filled) == "100"
    latest = "SELECT text FROM roost.messages ORDER BY seq DESC LIMIT 1"
    assert cluster.sql(latest, filled) == "message 1000"
    asyncio.run(migrate.downgrade(target, PATIENCE, "0001_initial"))
    assert cluster.sql(DIGEST, filled) == before


def insert(agent: str, otid: str, when: str = "now()") -> str:
    """A message of this or another month, as the previous version of the server writes it."""
    otid = otid.replace("'", "''")
    return (
        "INSERT INTO roost.messages (id, org_id, agent_id, seq, role, text, otid, created_at) SELECT"
        f" gen_random_uuid(), '{ORGANIZATION}', '{agent}', 2000, 'user', 'later', '{otid}', {when}"
    )


def test_the_servers_login_works_on_the_upgraded_tables(cluster: postgres.Cluster, filled: str) -> None:
    asyncio.run(migrate.upgrade(settings(migrator(cluster, filled)), PATIENCE))
    agent = cluster.sql("SELECT id FROM roost.agents", filled)
    variables = application(cluster, filled)

    async def work() -> None:
        connection = await asyncpg.connect(
            host=cluster.host, port=cluster.port, database=filled,
            user=variables["LETTA_PG_USER"], password=variables["LETTA_PG_PASSWORD"],
        )  # fmt: skip
        try:
            for when in ("now()", "now() + interval '1 month'", "now() + interval '3 years'"):
                await connection.execute(insert(agent, f"new {when}", when))
            for otid in ("otid 10", "new now()"):  # of the old table, and of the partitions
                with pytest.raises(asyncpg.UniqueViolationError) as caught:
                    await connection.execute(insert(agent, otid))
                assert caught.value.constraint_name == "uq_messages_agent_otid"
            assert await connection.fetchval("SELECT roost.add_message_partitions(4)") == 2
            await connection.execute("DELETE FROM roost.agents")
            assert await connection.fetchval("SELECT count(*) FROM roost.messages") == 0
            assert await connection.fetchval("SELECT count(*) FROM roost.message_otids") == 0
        finally:
            await connection.close()

    asyncio.run(work())


def test_a_page_of_messages_reads_each_month_by_its_index(cluster: postgres.Cluster, filled: str) -> None:
    """Neither the newest page nor a turn's view sorts or scans the history."""
    asyncio.run(migrate.upgrade(settings(migrator(cluster, filled)), PATIENCE))
    cluster.sql("VACUUM ANALYZE roost.messages", filled)
    agent = cluster.sql("SELECT id FROM roost.agents", filled)
    page = f"SELECT * FROM roost.messages WHERE agent_id = '{agent}' ORDER BY seq DESC LIMIT 10"
    plan = cluster.sql(f"EXPLAIN (FORMAT JSON, ANALYZE) {page}", filled)
    assert "Sort" not in [node for node in plan.split('"') if node == "Sort"]
    assert plan.count("Index Scan") >= 1
