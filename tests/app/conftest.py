"""One PostgreSQL, one migrated template, one scripted model and one server per session."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator

import pytest
from letta_client import Letta

from tests.support import model as scripted
from tests.support import postgres, server

_counter = itertools.count()

LOGINS = {
    "ROOST_MIGRATOR_USER": "roost_migrator", "ROOST_MIGRATOR_PASSWORD": "migrator password %:/@ ü",
    "ROOST_APP_USER": "roost_app", "ROOST_APP_PASSWORD": "app password %:/@",
    "ROOST_READONLY_USER": "roost_readonly", "ROOST_READONLY_PASSWORD": "readonly password",
}  # fmt: skip


def roost(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as the image does."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env=variables, cwd=server.REPO, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def login(cluster: postgres.Cluster, database: str, user: str, password: str) -> dict[str, str]:
    """LETTA_PG_* for a login."""
    return {
        "LETTA_PG_HOST": cluster.host, "LETTA_PG_PORT": str(cluster.port), "LETTA_PG_DB": database,
        "LETTA_PG_USER": user, "LETTA_PG_PASSWORD": password, "LETTA_PG_SSLMODE": "disable",
    }  # fmt: skip


@pytest.fixture(scope="session")
def cluster() -> Iterator[postgres.Cluster]:
    """The session's PostgreSQL."""
    with postgres.cluster() as running:
        yield running


@pytest.fixture(scope="session")
def template(cluster: postgres.Cluster) -> str:
    """A database that was bootstrapped and migrated by our own commands."""
    cluster.sql("CREATE DATABASE template_roost")
    master = login(cluster, "template_roost", cluster.user, cluster.password) | LOGINS
    for variables, step in ((master, "bootstrap"), (migrator(cluster, "template_roost"), "migrate")):
        done = roost(variables, "db", step)
        assert done.returncode == 0, done.stderr
    return "template_roost"


def migrator(cluster: postgres.Cluster, database: str) -> dict[str, str]:
    """The migrator's login."""
    return login(cluster, database, LOGINS["ROOST_MIGRATOR_USER"], LOGINS["ROOST_MIGRATOR_PASSWORD"])


def application(cluster: postgres.Cluster, database: str) -> dict[str, str]:
    """The server's login."""
    return login(cluster, database, LOGINS["ROOST_APP_USER"], LOGINS["ROOST_APP_PASSWORD"])


@pytest.fixture
def database(cluster: postgres.Cluster, template: str) -> Iterator[str]:
    """A migrated database of the test's own."""
    name = f"test_{next(_counter)}"
    cluster.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield name
    cluster.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_model() -> Iterator[scripted.Model]:
    """The session's model; tests that script it use `model`."""
    with scripted.serving() as running:
        yield running


@pytest.fixture
def model(shared_model: scripted.Model) -> Iterator[scripted.Model]:
    """The model, remembering by default, as new for each test."""
    shared_model.script = scripted.remembering
    shared_model.requests.clear()
    shared_model.headers.clear()
    shared_model.delay, shared_model.gate = 0.0, None
    yield shared_model
    if shared_model.gate:
        shared_model.gate.set()
        shared_model.gate = None


@pytest.fixture(scope="session")
def roost_server(
    cluster: postgres.Cluster, template: str, shared_model: scripted.Model
) -> Iterator[server.Server]:
    """One server for the tests that only use its API."""
    cluster.sql(f"CREATE DATABASE shared TEMPLATE {template}")
    variables = server.environment(application(cluster, "shared"), shared_model, LETTA_KEEPALIVE_INTERVAL="1")
    with server.running(variables) as running:
        yield running


@pytest.fixture
def client(roost_server: server.Server, model: scripted.Model) -> Iterator[Letta]:
    """The official client on the shared server; what the server logged meanwhile shows with a failure."""
    before = len(roost_server.logs())
    with roost_server.client() as running:
        yield running
    print(roost_server.logs()[before:])
