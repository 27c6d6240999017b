"""The stand-in in this process, and as the program that its image runs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from starlette.types import ASGIApp

from local.paths import REPO
from local.standin.standin.app import create_app
from local.standin.standin.bert import SentenceEncoder

START_SECONDS = 60


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture(scope="session")
def application() -> ASGIApp:
    return create_app()


@pytest_asyncio.fixture
async def client(application: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://standin") as client:
        yield client


@pytest.fixture(scope="session")
def served() -> Iterator[httpx.Client]:
    """`python -m standin` on a free port of the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPO / "local/standin"),
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    command = [sys.executable, "-m", "standin"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        try:
            _await_health(client, process)
            yield client
        finally:
            process.terminate()
            assert process.wait(30) in (0, -signal.SIGTERM)  # uvicorn ends, then dies of the signal again
            assert process.stdout is not None
            assert "secret words" not in process.stdout.read()


def _await_health(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, "the stand-in ended"
        assert time.monotonic() < deadline, "the stand-in did not become healthy"
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx.ConnectError:
            time.sleep(0.1)
