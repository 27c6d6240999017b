"""The servers that are measured: ours and its peer, each on its own database of one Postgres."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local import paths
from local.bench import environments, stub, usage
from local.progress import PhaseError, Progress
from local.serving import database, postgres, process, server

PEER = "letta 0.16.8"
OURS = "roost"
POOL = 10
PEER_LOCK = paths.REPO / "local" / "bench" / "peer" / "requirements.lock"
PREPARE_SECONDS = 300
PEER_SECONDS = 400.0
"""For its start, which takes 20 seconds of CPU."""
KEY = "a key for benchmarks only"

NOWHERE = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
"""The peer fetches data while it starts, which must fail at once where there is no network."""


@dataclass(frozen=True)
class Subject:
    """A running server, and what its start took."""

    name: str
    database: str
    port: int
    process_id: int
    headers: dict[str, str] = field(repr=False)
    model: str
    embedding: str
    start_seconds: float
    start_cpu: float
    start_memory: int


@dataclass(frozen=True)
class Place:
    """What the subjects share: the database cluster, the model that costs nothing, a directory for logs."""

    cluster: postgres.Cluster
    model_url: str
    dimension: int
    logs: Path


@contextmanager
def place(progress: Progress, dimension: int = stub.DIMENSION) -> Generator[Place]:
    """A Postgres with durable commits, as in production, and the stub model. Raises PhaseError."""
    settings = {"shared_buffers": "1GB", "max_connections": "200", "max_wal_size": "4GB"}
    progress.note("starting a private PostgreSQL")
    logs = paths.private_state() / "logs"
    logs.mkdir(exist_ok=True)
    with postgres.cluster(settings) as cluster:
        port = process.free_port()
        url = f"http://127.0.0.1:{port}"
        argv = [sys.executable, "-m", "local.bench.stub", str(port), str(dimension)]
        command = server.Command("The stub model", argv, os.environ, url, "/v1/models")
        with server.running(command, progress, server.LogFile(logs / "bench-stub.log")):
            yield Place(cluster, f"{url}/v1", dimension, logs)


@contextmanager
def ours(where: Place, progress: Progress, workers: int = 1, **more: str) -> Generator[Subject]:
    """Our server. Raises PhaseError."""
    name = f"roost_{os.urandom(4).hex()}"
    variables = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **database.create(where.cluster, name, progress),
        "LETTA_PG_POOL_SIZE": str(POOL),
        "LETTA_SERVER_PASSWORD": KEY,
        "LETTA_UVICORN_WORKERS": str(workers),
        "VLLM_API_BASE": where.model_url,
        "LETTA_DEFAULT_LLM_HANDLE": f"vllm/{stub.CHAT_MODEL}",
        "EMBEDDING_API_BASE": where.model_url,
        "LETTA_DEFAULT_EMBEDDING_HANDLE": f"vllm/{stub.EMBEDDING_MODEL}",
        "LETTA_EMBEDDING_DIM": str(where.dimension),
        **more,
    }
    port = process.free_port()
    began = time.monotonic()
    with server.server(variables, port, progress, where.logs / "bench-roost.log") as running:
        handles = variables["LETTA_DEFAULT_LLM_HANDLE"], variables["LETTA_DEFAULT_EMBEDDING_HANDLE"]
        yield _subject((OURS, name), port, running, handles, {"authorization": f"Bearer {KEY}"}, began)


@contextmanager
def peer(where: Place, progress: Progress) -> Generator[Subject]:
    """The peer, with its connection pool switched on. Raises PhaseError."""
    interpreter = environments.python("peer", PEER_LOCK, progress)
    asyncio.run(database.execute(where.cluster, "postgres", "CREATE DATABASE peer"))
    with tempfile.TemporaryDirectory(prefix="roost-peer-") as home:
        variables = _peer_environment(where, home)
        progress.note("making the peer's tables")
        _prepare(interpreter, variables, home)
        port = process.free_port()
        argv = [str(interpreter.with_name("letta")), "server", "--host", "127.0.0.1", "--port", str(port)]
        url = f"http://127.0.0.1:{port}"
        command = server.Command("The peer", argv, variables, url, "/v1/health/", Path(home), PEER_SECONDS)
        began = time.monotonic()
        log = where.logs / "bench-peer.log"
        with server.running(command, progress, server.LogFile(log)) as running:
            handles = f"openai-proxy/{stub.CHAT_MODEL}", f"openai/{stub.EMBEDDING_MODEL}"
            yield _subject((PEER, "peer"), port, running, handles, {}, began)


def _peer_environment(where: Place, home: str) -> dict[str, str]:
    cluster = where.cluster
    login = f"{cluster.user}:{cluster.password}@{cluster.host}:{cluster.port}"
    return {
        **NOWHERE,
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": home,
        "LETTA_DIR": home,
        # Without `ssl` in it the peer's pooled connections insist on TLS.
        "LETTA_PG_URI": f"postgresql://{login}/peer?ssl=disable",
        "LETTA_DISABLE_SQLALCHEMY_POOLING": "false",
        "LETTA_PG_POOL_SIZE": str(POOL),
        "LETTA_PG_MAX_OVERFLOW": "0",
        "OPENAI_API_KEY": "stub",
        "OPENAI_API_BASE": where.model_url,
    }


def _prepare(interpreter: Path, variables: Mapping[str, str], home: str) -> None:
    script = paths.REPO / "local" / "bench" / "peer" / "prepare.py"
    done = subprocess.run(
        [str(interpreter), str(script)], env=dict(variables), cwd=home,
        capture_output=True, text=True, timeout=PREPARE_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise PhaseError(f"The peer's tables cannot be made:\n{done.stderr[-2000:]}", "See above.")


def _subject(
    names: tuple[str, str],
    port: int,
    running: server.Running,
    handles: tuple[str, str],
    headers: dict[str, str],
    began: float,
) -> Subject:
    pid = running.process.pid
    return Subject(
        name=names[0], database=names[1], port=port, process_id=pid, headers=headers,
        model=handles[0], embedding=handles[1],
        start_seconds=time.monotonic() - began, start_cpu=usage.cpu_seconds(pid),
        start_memory=usage.memory(pid),
    )  # fmt: skip
