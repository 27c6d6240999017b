"""`make serve`: it serves on loopback, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from letta_client import Letta

from local import paths
from local.serving.process import free_port

KEY = "a key for this test"
START_SECONDS = 120
STOP_SECONDS = 60


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the command puts its temporary files; its Postgres, another user, may enter."""
    directory = Path(tempfile.mkdtemp(prefix="roost-serve-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def start(port: int, temporary: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    return subprocess.Popen(
        [sys.executable, "-m", "local.cli", "serve", "--port", str(port), *arguments],
        cwd=paths.REPO, env=kept | {"TMPDIR": str(temporary)} | variables, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0,
    )  # fmt: skip


def said(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=START_SECONDS)
    return output


def running_in(temporary: Path, port: int) -> list[str]:
    """Commands of processes that our command started."""
    found: list[str] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode()
            variables = (entry / "environ").read_bytes().decode()
        except OSError:
            continue
        if str(temporary) in command or f"\0PORT={port}\0" in f"\0{variables}":
            found.append(command)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_until_it_is_stopped_and_leaves_nothing(temporary: Path, number: signal.Signals) -> None:
    port = free_port()
    process = start(port, temporary, "--standin", "--workers", "2", LETTA_SERVER_PASSWORD=KEY)
    try:
        assert process.stdout is not None
        lines: list[str] = []
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl-C" not in (line := process.stdout.readline()):
            assert line, "".join(lines)
            assert time.monotonic() < deadline
            lines.append(line)
        client = Letta(base_url=f"http://127.0.0.1:{port}", api_key=KEY)
        agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
        answer = client.agents.messages.create(agent.id, input="remember that the owl is called Una")
        assert answer.stop_reason.stop_reason == "end_turn"
        assert "Una" in (client.agents.blocks.retrieve("human", agent_id=agent.id).value or "")
        assert running_in(temporary, port)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=STOP_SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0, rest
    assert running_in(temporary, port) == []
    assert list(temporary.iterdir()) == []
    assert KEY not in "".join(lines) + rest


def test_without_a_model_it_says_what_to_set(temporary: Path) -> None:
    output = said(start(free_port(), temporary, LETTA_SERVER_PASSWORD=KEY))
    for name in ("VLLM_API_BASE", "OPENAI_API_KEY", "OPENAI_API_BASE", "ANTHROPIC_API_KEY", "STANDIN=1"):
        assert name in output
    assert list(temporary.iterdir()) == []


def test_a_generated_key_is_not_written_to_a_file(temporary: Path) -> None:
    output = said(start(free_port(), temporary, "--standin"))
    assert "Set LETTA_SERVER_PASSWORD" in output


def test_a_taken_port_is_named(temporary: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        output = said(start(port, temporary, "--standin", LETTA_SERVER_PASSWORD=KEY))
    assert str(port) in output
    assert "make serve PORT=" in output


def test_a_server_that_does_not_start_is_explained_and_leaves_nothing(temporary: Path) -> None:
    process = start(
        free_port(), temporary, LETTA_SERVER_PASSWORD="short", VLLM_API_BASE="http://127.0.0.1:9/v1",
        LETTA_DEFAULT_LLM_HANDLE="a/b",
    )  # fmt: skip
    output = said(process)
    assert process.returncode == 1
    assert "LETTA_SERVER_PASSWORD is not usable" in output
    assert list(temporary.iterdir()) == []


def test_a_database_of_ones_own_is_prepared_and_keeps_the_agents(temporary: Path) -> None:
    from tests.support import postgres

    with postgres.cluster() as cluster:
        uri = f"postgresql://{cluster.user}:{cluster.password}@{cluster.host}:{cluster.port}/postgres"
        for _ in range(2):
            port = free_port()
            process = start(port, temporary, "--standin", LETTA_SERVER_PASSWORD=KEY, LETTA_PG_URI=uri)
            assert process.stdout is not None
            while "Ctrl-C" not in (line := process.stdout.readline()):
                assert line
            client = Letta(base_url=f"http://127.0.0.1:{port}", api_key=KEY)
            client.agents.create(name="Una")
            agents = client.agents.list().items
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=STOP_SECONDS)
        assert [agent.name for agent in agents] == ["Una", "Una"]
