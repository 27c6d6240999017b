"""The agent server as a real process on a loopback port, as the image runs it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from letta_client import Letta

from tests.support.model import DIMENSION, EMBEDDING_MODEL, MODEL, Model

REPO = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"
START_SECONDS = 30


@dataclass
class Server:
    """A running server, reachable at `url`."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    def client(self, **options: Any) -> Letta:
        """The official client, with its own retries unless told otherwise."""
        return Letta(base_url=self.url, api_key=PASSWORD, **options)

    def logs(self) -> str:
        """What the process wrote on stdout and stderr."""
        return self.log_file.read_text(encoding="utf-8")

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        """A raw request with the password: status, parsed JSON (or text), headers in lower case."""
        data = json.dumps(body).encode() if body is not None else None
        wanted = {"authorization": f"Bearer {PASSWORD}", "content-type": "application/json"} | (headers or {})
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=wanted)
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=20) as response:
                return _parsed(response.status, response.read(), response.headers)
        except urllib.error.HTTPError as error:
            with error:
                return _parsed(error.code, error.read(), error.headers)

    def stop(self, seconds: float = 15) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def environment(database: dict[str, str], model: Model, **extra: str) -> dict[str, str]:
    """The variables that a server needs; `database` holds LETTA_PG_*."""
    return {
        "PATH": os.environ["PATH"],
        "HOST": "127.0.0.1",
        "LETTA_SERVER_PASSWORD": PASSWORD,
        "LETTA_ENCRYPTION_KEY": "a key for tests, of no use elsewhere",
        "VLLM_API_BASE": model.url,
        "VLLM_API_KEY": "model-key-that-must-not-leak",
        "LETTA_DEFAULT_LLM_HANDLE": f"test/{MODEL}",
        "EMBEDDING_API_BASE": model.url,
        "LETTA_DEFAULT_EMBEDDING_HANDLE": f"test/{EMBEDDING_MODEL}",
        "LETTA_EMBEDDING_DIM": str(DIMENSION),
        "ROOST_DRAIN_SECONDS": "10",
        **database,
        **extra,
    }


@contextlib.contextmanager
def running(variables: dict[str, str], *, ready: bool = True) -> Iterator[Server]:
    """Start `roost serve`, wait until it is ready (or only alive), stop it afterwards."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="roost-server-") as directory:
        log = Path(directory) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve"],
                env=variables | {"PORT": str(port)}, cwd=REPO, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        server = Server(f"http://127.0.0.1:{port}", process, log)
        try:
            _await(server, "/v1/ready/" if ready else "/v1/health/")
            yield server
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _await(server: Server, path: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError):
            if server.request("GET", path)[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"The server did not become ready:\n{server.logs()[-4000:]}")


def _parsed(status: int, body: bytes, headers: Any) -> tuple[int, Any, dict[str, str]]:
    lowered = {name.lower(): value for name, value in headers.items()}
    is_json = lowered.get("content-type", "").startswith("application/json")
    return status, json.loads(body) if is_json and body else body.decode(), lowered


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
