"""Several workers behind one port: they share the load, and one that dies is replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.conftest import application
from tests.support import postgres, server
from tests.support.model import Model

SECONDS = 30


@pytest.fixture
def two(cluster: postgres.Cluster, database: str, model: Model) -> Iterator[server.Server]:
    variables = server.environment(application(cluster, database), model, LETTA_UVICORN_WORKERS="2")
    with server.running(variables) as running:
        yield running


def children(parent: int) -> set[int]:
    return {int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_a_killed_worker_is_replaced_and_no_connection_is_refused(two: server.Server) -> None:
    before = children(two.process.pid)
    assert len(before) == 2
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    client = two.client(max_retries=0)
    for _ in range(10):
        client.agents.list()
    until(lambda: len(children(two.process.pid)) == 2)
    assert victim not in children(two.process.pid)
    assert two.stop() == 0
    assert not any(alive(pid) for pid in before)


def test_every_worker_takes_connections(two: server.Server) -> None:
    for _ in range(40):
        two.client(max_retries=0).agents.list()
    two.stop()
    finished = [line for line in two.logs().splitlines() if '"route":"/v1/agents' in line]
    assert len(finished) == 40
    assert two.logs().count("Application shutdown complete") == 2


def test_workers_end_with_a_parent_that_was_killed(two: server.Server) -> None:
    workers = children(two.process.pid)
    two.process.kill()
    two.process.wait()
    until(lambda: not any(alive(pid) for pid in workers))


def test_workers_that_cannot_live_are_given_up() -> None:
    code = "import app.workers as w; raise SystemExit(w.run(2, '127.0.0.1', 0, lambda *_: 1, 1.0))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=server.REPO, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("worker died") == 6
