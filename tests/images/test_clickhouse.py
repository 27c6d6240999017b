"""The local telemetry store's image as the stack runs it: without rights, and with logins from files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.store import DATA, LOGINS, PORT, UID
from infra.workloads.clickhouse_users import OWNER, READER
from tests.images.containers import Container

_ASK = f"""
import sys, urllib.error, urllib.request
user, statement = sys.argv[1:]
asked = urllib.request.Request(
    "http://127.0.0.1:{PORT}/", statement.encode(), {{"X-ClickHouse-User": user, "X-ClickHouse-Key": user}}
)
try:
    print(urllib.request.urlopen(asked, timeout=20).read().decode().strip())
except urllib.error.HTTPError as error:
    print(error.read().decode())
"""


@pytest.fixture
def store(start: Callable[..., Container], tmp_path: Path) -> Container:
    """Running, with two logins whose passwords are their names."""
    logins, data = tmp_path / "logins", tmp_path / "data"
    for folder in (logins, data):
        folder.mkdir()
        os.chown(folder, UID, UID)
    for name in (OWNER, READER):
        (logins / name).write_text(name)
    running = start(
        "clickhouse",
        environment={"STORE_LOGINS": LOGINS, "STORE_READERS": READER},
        mounts={LOGINS: logins, DATA: data},
    )
    running.wait_until(lambda: ask(running, OWNER, "SELECT 1") == "1", seconds=60)
    return running


def ask(store: Container, user: str, statement: str) -> str:
    """The answer, or what was refused."""
    return store.execute("python3", "-c", _ASK, user, statement).stdout.strip()


def test_it_keeps_rows_and_lets_readers_read(store: Container) -> None:
    for statement in (
        "CREATE DATABASE otel",
        "CREATE TABLE otel.t (a Int32) ENGINE = MergeTree ORDER BY a TTL toDate('2100-01-01') + a",
        "INSERT INTO otel.t VALUES (7)",
    ):
        assert ask(store, OWNER, statement) == ""
    assert ask(store, READER, "SELECT a FROM otel.t") == "7"
    assert "READONLY" in ask(store, READER, "INSERT INTO otel.t VALUES (8)")
    assert "AUTHENTICATION_FAILED" in ask(store, "somebody", "SELECT 1")
