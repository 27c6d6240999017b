"""The Postgres image, run with a read-only root, no capabilities and Kubernetes' idea of a volume."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from local.images.postgres.scram import scram_verifier
from tests.images.containers import Container

PASSWORD = 'it\'s "quoted" \\ and long'  # every character that a careless statement would trip over
DATA = "/var/lib/postgresql/data"
Start = Callable[..., Container]


class Server:
    """Postgres on one volume, started and stopped at will."""

    def __init__(self, start: Start, directory: Path) -> None:
        self._start = start
        self.volume = directory / "volume"
        self.volume.mkdir()
        os.chown(self.volume, 0, 999)
        self.volume.chmod(0o2775)  # what fsGroup: 999 makes of a fresh volume
        self.password_file = directory / "password"

    def start(self, password: str = PASSWORD, *, ready: bool = True) -> Container:
        self.password_file.write_text(password)
        container = self._start(
            "postgres",
            arguments=["-c", "max_connections=40"],
            environment={"POSTGRES_PASSWORD_FILE": "/password", "POSTGRES_DB": "roost"},
            mounts={DATA: self.volume, "/password": self.password_file},
        )
        if ready:
            container.wait_until(lambda: container.execute("pg_isready", "-q").returncode == 0)
        return container


@pytest.fixture
def server(start: Start, tmp_path: Path) -> Server:
    return Server(start, tmp_path)


def query(container: Container, statement: str, password: str = PASSWORD) -> str:
    """One statement over TCP, as the server's clients come; its output, or the error."""
    command = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-d", "roost", "-Atc", statement]
    done = container.execute(*command, environment={"PGPASSWORD": password})
    return done.stdout.strip() if done.returncode == 0 else done.stderr


def test_a_fresh_volume_becomes_a_database_with_vectors(server: Server) -> None:
    container = server.start()
    assert query(container, "SHOW max_connections") == "40"
    assert query(container, "SHOW data_checksums") == "on"
    assert query(container, "CREATE EXTENSION vector") == "CREATE EXTENSION"
    assert query(container, "SELECT extversion FROM pg_extension WHERE extname = 'vector'") == "0.8.5"
    assert query(container, "SELECT '[1,0]'::vector <=> '[0,1]'::vector") == "1"
    assert query(container, "SELECT lower('ÄÖ'), now() AT TIME ZONE 'Europe/Zurich' IS NOT NULL") == "äö|t"


def test_only_the_password_opens_it(server: Server) -> None:
    container = server.start()
    assert "password authentication failed" in query(container, "SELECT 1", password="wrong")
    assert "no password supplied" in query(container, "SELECT 1", password="")
    socket = container.execute("psql", "-U", "postgres", "-Atc", "SELECT 1")
    assert socket.stdout.strip() == "1", socket.stderr
    other = container.execute("psql", "-U", "postgres", "-Atc", "SELECT 1", user="10001:10001")
    assert "Peer authentication failed" in other.stderr


def test_the_password_shows_nowhere(server: Server) -> None:
    container = server.start()
    told = query(container, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert told.startswith("SCRAM-SHA-256$4096:")
    assert PASSWORD not in container.output.read_text()
    assert "SCRAM-SHA-256" not in container.output.read_text()


def test_a_kept_volume_takes_a_new_password_and_keeps_its_rows(server: Server) -> None:
    container = server.start()
    query(container, "CREATE TABLE kept AS SELECT 7 AS n")
    container.signal("TERM")
    container.wait()
    again = server.start("another one")
    assert query(again, "SELECT n FROM kept", password="another one") == "7"
    assert "password authentication failed" in query(again, "SELECT 1", password=PASSWORD)


def test_committed_rows_survive_a_kill(server: Server) -> None:
    container = server.start()
    query(container, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    container.signal("KILL")
    container.wait()
    assert query(server.start(), "SELECT count(*) FROM kept") == "1000"


def test_an_interrupted_initialisation_is_done_again(server: Server) -> None:
    container = server.start(ready=False)
    partial = server.volume / "pgdata.partial"
    container.wait_until(lambda: (partial / "PG_VERSION").exists() or (server.volume / "pgdata").exists())
    container.signal("KILL")
    container.wait()
    if not partial.exists():  # the kill came late: make what it would have left
        shutil.move(server.volume / "pgdata", partial)
        (partial / "global" / "pg_control").unlink()
    assert query(server.start(), "SELECT 1") == "1"
    assert not partial.exists()


def test_a_volume_opened_to_the_group_is_closed_again(server: Server) -> None:
    container = server.start()
    container.signal("INT")
    container.wait()
    (server.volume / "pgdata").chmod(0o2770)  # what fsGroup does at the next mount
    assert query(server.start(), "SELECT 1") == "1"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (
            lambda server: (server.volume / "pgdata").mkdir() or (server.volume / "pgdata/file").touch(),
            "empty volume",
        ),
        (
            lambda server: (
                (server.volume / "pgdata").mkdir() or (server.volume / "pgdata/PG_VERSION").write_text("15\n")
            ),
            "PostgreSQL 15",
        ),
        (lambda server: server.volume.chmod(0o755), "writable for UID 999"),
    ],
    ids=["foreign", "older", "read-only"],
)
def test_a_volume_that_cannot_be_used_is_refused_in_words(
    server: Server, prepare: Callable[[Server], object], words: str
) -> None:
    prepare(server)
    for path in server.volume.rglob("*"):
        os.chown(path, 999, 999)
    container = server.start(ready=False)
    assert container.wait() != 0
    assert words in container.output.read_text()


def test_a_missing_password_is_refused_in_words(start: Start) -> None:
    container = start("postgres")
    assert container.wait() != 0
    assert "POSTGRES_PASSWORD_FILE is not set" in container.output.read_text()


def test_the_verifier_is_the_one_of_the_standard() -> None:
    """RFC 7677's example exchange, from which the server's signature is known."""
    salt, nonce = "W22ZaJ0SNY7soEsUEjb6gQ==", "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    exchange = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s={salt},i=4096,c=biws,r={nonce}"
    verifier = scram_verifier("pencil", base64.b64decode(salt))
    assert verifier.startswith(f"SCRAM-SHA-256$4096:{salt}$")
    server_key = base64.b64decode(verifier.rpartition(":")[2])
    signature = hmac.new(server_key, exchange.encode(), hashlib.sha256).digest()
    assert base64.b64encode(signature).decode() == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_a_password_that_clients_would_normalise_is_refused() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        scram_verifier("käse")
