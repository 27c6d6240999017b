"""`roost db`: bootstrap, migrate, check, against a real PostgreSQL."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db import bootstrap, migrate, revisions, schema
from app.db.bootstrap import Login
from app.settings import DatabaseSettings
from tests.app.conftest import LOGINS, application, login, migrator, roost
from tests.support import postgres


@pytest.fixture
def fresh(cluster: postgres.Cluster, template: str) -> Iterator[str]:
    """A bootstrapped database without tables; the logins exist because of the template."""
    cluster.sql("CREATE DATABASE fresh")
    names = ("MIGRATOR", "APP", "READONLY")
    logins = [Login(LOGINS[f"ROOST_{name}_USER"], LOGINS[f"ROOST_{name}_PASSWORD"]) for name in names]
    master = target(login(cluster, "fresh", cluster.user, cluster.password))
    asyncio.run(bootstrap.bootstrap(master, bootstrap.Logins(*logins)))
    yield "fresh"
    cluster.sql("DROP DATABASE fresh WITH (FORCE)")


def target(variables: dict[str, str]) -> DatabaseSettings:
    """Settings from LETTA_PG_* values."""
    return DatabaseSettings(**variables)  # pyright: ignore[reportArgumentType]


def test_there_is_one_head_and_we_read_it_as_alembic_does() -> None:
    script = ScriptDirectory.from_config(migrate.config())
    assert [revisions.read().head] == script.get_heads()
    assert revisions.read().known == {revision.revision for revision in script.walk_revisions()}


def test_revisions_are_names_that_kubernetes_accepts() -> None:
    for revision in revisions.read().known:
        assert len(f"migrate-{revision}") <= 63
        assert revision.replace("_", "").isalnum()  # alembic allows no dash; the Job's name has one instead
        assert revision == revision.lower()


def test_migrations_add_up_to_the_tables(cluster: postgres.Cluster, database: str) -> None:
    async def differences() -> list[Any]:
        async def connect() -> Any:
            return await asyncpg.connect(
                host=cluster.host, port=cluster.port, user=cluster.user, password=cluster.password,
                database=database, server_settings={"search_path": "public"},
            )  # fmt: skip

        engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=connect)
        async with engine.connect() as connection:
            return await connection.run_sync(_compare)

    found = [difference for difference in asyncio.run(differences()) if not _is_expression_index(difference)]
    assert found == []


def _compare(connection: Any) -> list[Any]:
    options = {
        "include_schemas": True,
        "include_name": _is_ours,
        "version_table_schema": schema.SCHEMA,
        "compare_type": lambda *args: False if isinstance(args[4], schema.Vector) else None,
        "compare_server_default": True,
    }
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, schema.metadata))


def _is_ours(name: str | None, kind: str, _: Any) -> bool:
    """Our schema, without the partitions of messages."""
    if kind == "schema":
        return name == schema.SCHEMA
    return kind != "table" or not str(name).startswith("messages_")


def _is_expression_index(difference: Any) -> bool:
    """Expression indexes with operator classes are out of reach for SQLAlchemy's reflection."""
    expressions = ("ix_passages_hnsw_", "ix_messages_words")
    return difference[0] == "remove_index" and difference[1].name.startswith(expressions)


def test_up_down_up_leaves_nothing_behind(cluster: postgres.Cluster, fresh: str) -> None:
    settings = target(migrator(cluster, fresh))
    patience = migrate.Patience()
    for _ in range(2):
        assert asyncio.run(migrate.upgrade(settings, patience)) == revisions.read().head
        asyncio.run(migrate.downgrade(settings, patience, "base"))
        left = cluster.sql(
            "SELECT string_agg(relname, ',') FROM pg_class WHERE relnamespace = 'roost'::regnamespace"
            " AND relkind IN ('r', 'S', 'v') AND relname <> 'alembic_version'",
            fresh,
        )
        assert left == "None"


def test_migrating_twice_changes_nothing_and_check_tells(cluster: postgres.Cluster, fresh: str) -> None:
    variables = migrator(cluster, fresh)
    before = roost(variables, "db", "check")
    assert before.returncode == 1
    assert "Run `roost db migrate`" in before.stderr
    for _ in range(2):
        done = roost(variables, "db", "migrate")
        assert (done.returncode, done.stdout) == (0, f"The database is at {revisions.read().head}.\n")
    assert roost(variables, "db", "check").returncode == 0


def test_bootstrapping_again_changes_passwords_and_keeps_data(
    cluster: postgres.Cluster, database: str
) -> None:
    changed = LOGINS | {"ROOST_READONLY_PASSWORD": "another one"}
    master = login(cluster, database, cluster.user, cluster.password)
    try:
        assert roost(master | changed, "db", "bootstrap").returncode == 0
        reader = login(cluster, database, "roost_readonly", "another one")
        assert roost(reader, "db", "check").returncode == 0
    finally:
        assert roost(master | LOGINS, "db", "bootstrap").returncode == 0


def test_the_logins_can_do_what_they_are_for_and_no_more(cluster: postgres.Cluster, database: str) -> None:
    async def attempt(user: str, password: str, statement: str) -> str:
        connection = await asyncpg.connect(
            host=cluster.host, port=cluster.port, user=user, password=password, database=database
        )
        try:
            await connection.execute(statement)
        except asyncpg.PostgresError as error:
            return type(error).__name__
        finally:
            await connection.close()
        return "done"

    app, reader = (
        (LOGINS[f"ROOST_{kind}_USER"], LOGINS[f"ROOST_{kind}_PASSWORD"]) for kind in ("APP", "READONLY")
    )
    insert = "INSERT INTO roost.organizations (id, name) VALUES (gen_random_uuid(), 'x')"
    assert asyncio.run(attempt(*app, insert)) == "done"
    assert asyncio.run(attempt(*app, "DROP TABLE roost.agents CASCADE")) == "InsufficientPrivilegeError"
    assert asyncio.run(attempt(*app, "CREATE TABLE roost.x (id int)")) == "InsufficientPrivilegeError"
    assert asyncio.run(attempt(*reader, "SELECT * FROM roost.agents")) == "done"
    assert asyncio.run(attempt(*reader, insert)) in {
        "InsufficientPrivilegeError",
        "ReadOnlySQLTransactionError",
    }
    assert asyncio.run(attempt(*reader, "SET default_transaction_read_only = off; " + insert)) != "done"


def test_passwords_never_reach_the_servers_log(cluster: postgres.Cluster, template: str) -> None:
    log = cluster.log()
    assert "ALTER ROLE" in log
    assert [name for name, value in LOGINS.items() if name.endswith("PASSWORD") and value in log] == []


def test_a_failing_migration_ends_with_what_postgres_said(
    cluster: postgres.Cluster, fresh: str, tmp_path: Path
) -> None:
    """A table that is in the way makes the real first migration fail."""
    assert roost(migrator(cluster, fresh), "db", "check").returncode == 1
    _execute(
        cluster, fresh, "CREATE TABLE roost.blocks (id int); ALTER TABLE roost.blocks OWNER TO roost_migrator"
    )
    done = roost(migrator(cluster, fresh), "db", "migrate")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == 'ERROR: relation "blocks" already exists (SQLSTATE 42P07)'
    assert "Statement: CREATE TABLE blocks" in done.stderr
    assert "Traceback" not in done.stderr
    assert LOGINS["ROOST_MIGRATOR_PASSWORD"] not in done.stderr + done.stdout
    # The transaction took everything back, so the way is free once the obstacle is gone.
    _execute(cluster, fresh, "DROP TABLE roost.blocks")
    assert roost(migrator(cluster, fresh), "db", "migrate").returncode == 0


def _execute(cluster: postgres.Cluster, database: str, script: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(
            host=cluster.host,
            port=cluster.port,
            user=cluster.user,
            password=cluster.password,
            database=database,
        )
        await connection.execute(script)
        await connection.close()

    asyncio.run(run())


def test_two_migrations_at_once_wait_for_each_other(cluster: postgres.Cluster, fresh: str) -> None:
    variables = migrator(cluster, fresh)
    processes = [
        subprocess.Popen([sys.executable, "-m", "app.cli", "db", "migrate"], env=variables) for _ in range(3)
    ]
    assert [process.wait(60) for process in processes] == [0, 0, 0]


def test_a_lock_that_is_not_let_go_is_given_up_with_its_error(cluster: postgres.Cluster, fresh: str) -> None:
    held, release = threading.Event(), threading.Event()

    async def hold() -> None:
        connection = await asyncpg.connect(
            host=cluster.host, port=cluster.port, user=cluster.user, password=cluster.password, database=fresh
        )
        await connection.execute(f"SELECT pg_advisory_lock({migrate.LOCK_KEY})")
        held.set()
        await asyncio.get_running_loop().run_in_executor(None, release.wait, 60)
        await connection.close()

    holder = threading.Thread(target=lambda: asyncio.run(hold()))
    holder.start()
    try:
        assert held.wait(10)
        limits = {"ROOST_MIGRATE_LOCK_TIMEOUT_SECONDS": "0.2", "ROOST_MIGRATE_ATTEMPTS": "2"}
        done = roost(migrator(cluster, fresh) | limits, "db", "migrate")
    finally:
        release.set()
        holder.join()
    assert done.returncode == 1
    assert "trying again" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("(SQLSTATE 55P03)")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"LETTA_PG_PASSWORD": "wrong"}, "password authentication failed"),
        ({"LETTA_PG_DB": "nowhere"}, "does not exist"),
        ({"ROOST_MIGRATE_ATTEMPTS": "many"}, "ROOST_MIGRATE_ATTEMPTS is 'many'"),
        ({"LETTA_PG_SSLMODE": "require"}, "SSL"),
    ],
)
def test_what_cannot_work_fails_at_once_with_a_sentence(
    cluster: postgres.Cluster, template: str, variables: dict[str, str], words: str
) -> None:
    done = roost(migrator(cluster, template) | variables, "db", "migrate")
    assert done.returncode == 1
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_password_may_come_from_a_file_or_a_uri(
    cluster: postgres.Cluster, database: str, tmp_path: Path
) -> None:
    from urllib.parse import quote

    variables = application(cluster, database)
    password = variables.pop("LETTA_PG_PASSWORD")
    (tmp_path / "password").write_text(password + "\n", encoding="utf-8")
    by_file = variables | {"LETTA_PG_PASSWORD_FILE": str(tmp_path / "password")}
    assert roost(by_file, "db", "check").returncode == 0
    uri = (
        f"postgresql+asyncpg://roost_app:{quote(password, safe='')}@{cluster.host}:{cluster.port}/{database}"
    )
    assert roost({"LETTA_PG_URI": uri + "?sslmode=disable"}, "db", "check").returncode == 0


def test_vector_indexes_serve_a_search_of_their_dimension(cluster: postgres.Cluster, database: str) -> None:
    from app.archives import queries

    statement = queries.search(384, [])

    async def plan() -> str:
        connection = await asyncpg.connect(
            host=cluster.host, port=cluster.port, user=cluster.user, password=cluster.password,
            database=database, server_settings={"search_path": "roost,public", "enable_sort": "off"},
        )  # fmt: skip
        vector = "[" + ",".join(["1"] * 384) + "]"
        none = "00000000-0000-4000-8000-000000000000"
        rows = await connection.fetch("EXPLAIN " + statement.sql, none, none, vector, 5)
        await connection.close()
        return "\n".join(row[0] for row in rows)

    assert "ix_passages_hnsw_384" in asyncio.run(plan())
