"""A database for the server: one of the private cluster, or the user's own."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping

import asyncpg

from app.db import connect
from app.settings import DatabaseSettings
from local import paths
from local.progress import PhaseError, Progress
from local.serving.postgres import Cluster

URI = "LETTA_PG_URI"
STEP_SECONDS = 300
KINDS = ("migrator", "app", "readonly")


def create(cluster: Cluster, name: str, progress: Progress) -> dict[str, str]:
    """Make and migrate a database as production does: three logins; returns the server's LETTA_PG_*.

    Raises:
        PhaseError: a step failed, with what it said.
    """
    progress.note(f"making the database {name}")
    asyncio.run(execute(cluster, "postgres", f'CREATE DATABASE "{name}"'))
    logins = {f"ROOST_{kind.upper()}_USER": f"{name}_{kind}" for kind in KINDS}
    logins |= {f"ROOST_{kind.upper()}_PASSWORD": secrets.token_hex(12) for kind in KINDS}
    roost(_login(cluster, name, cluster.user, cluster.password) | logins, "db", "bootstrap")
    migrator, app = (
        _login(cluster, name, logins[f"ROOST_{kind}_USER"], logins[f"ROOST_{kind}_PASSWORD"])
        for kind in ("MIGRATOR", "APP")
    )
    progress.note("migrating it")
    roost(migrator, "db", "migrate")
    return app


def adopt(progress: Progress) -> dict[str, str]:
    """Prepare and migrate the database that LETTA_PG_URI names, with its one login.

    Raises:
        PhaseError: it cannot be reached, or its login may not do what is missing.
    """
    given = {name: value for name, value in os.environ.items() if name.startswith("LETTA_PG_")}
    progress.note("preparing your database")
    try:
        asyncio.run(_prepare(DatabaseSettings()))
    except (OSError, asyncpg.PostgresError) as error:
        raise PhaseError(
            f"The database of {URI} cannot be prepared: {error}.",
            "Its login needs to reach it, and to create the schema `roost` and the extension `vector`.",
        ) from None
    progress.note("migrating your database")
    roost(given, "db", "migrate")
    return given


async def execute(cluster: Cluster, database: str, statement: str) -> None:
    """Run a statement as the master."""
    connection = await asyncpg.connect(
        host=cluster.host, port=cluster.port, user=cluster.user, password=cluster.password, database=database
    )
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def roost(variables: Mapping[str, str], *arguments: str) -> None:
    """Run the server's command line with these variables and nothing else of our environment.

    Raises:
        PhaseError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env={"PATH": os.environ.get("PATH", os.defpath), **variables},
        cwd=paths.REPO, capture_output=True, text=True, timeout=STEP_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise PhaseError(f"`roost {' '.join(arguments)}` failed:\n{done.stderr[-2000:]}", "See above.")


async def _prepare(target: DatabaseSettings) -> None:
    connection = await connect.patiently(target, application="roost-serve")
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_extension WHERE extname = 'vector'"):
            await connection.execute("CREATE EXTENSION vector SCHEMA public")
        await connection.execute("CREATE SCHEMA IF NOT EXISTS roost")
    finally:
        await connection.close()


def _login(cluster: Cluster, database: str, user: str, password: str) -> dict[str, str]:
    return {
        "LETTA_PG_HOST": cluster.host,
        "LETTA_PG_PORT": str(cluster.port),
        "LETTA_PG_DB": database,
        "LETTA_PG_USER": user,
        "LETTA_PG_PASSWORD": password,
        "LETTA_PG_SSLMODE": "disable",
    }
