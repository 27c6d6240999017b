"""Processes of `make serve`: the server and the stand-in model, started, awaited and stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from local import paths
from local.progress import PhaseError, Progress
from local.serving import process

START_SECONDS = 90
STOP_SECONDS = 15
POLL_SECONDS = 0.05
KEPT_LINES = 40

DRAIN_SECONDS = "5"
"""Whoever presses Ctrl-C does not wait a minute for a stream to end."""


@dataclass(frozen=True)
class Running:
    """A process that answers at `url`."""

    url: str
    process: subprocess.Popen[bytes]
    output: Output


class Output:
    """What a process writes: the last lines until `show`, from then on passed to our stdout."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        self._kept: deque[bytes] = deque(maxlen=KEPT_LINES)
        self._shown = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def show(self) -> None:
        """Pass on what comes from now on."""
        self._shown = True

    def tail(self) -> str:
        """The last lines, complete once the process has ended."""
        if self._child.poll() is not None:
            self._thread.join(5)
        return b"".join(self._kept).decode(errors="replace")

    def _read(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as pipe:
            for line in pipe:
                self._kept.append(line)
                if self._shown:
                    sys.stdout.buffer.write(line)
                    sys.stdout.buffer.flush()


@contextmanager
def server(variables: Mapping[str, str], port: int, progress: Progress) -> Generator[Running]:
    """The agent server on a port of the loopback, once it is ready. Raises PhaseError."""
    environment = {"ROOST_DRAIN_SECONDS": DRAIN_SECONDS, **variables, "HOST": "127.0.0.1", "PORT": str(port)}
    command = [sys.executable, "-m", "app.cli", "serve"]
    url = f"http://127.0.0.1:{port}"
    with _running("The server", command, environment, url, "/v1/ready/", progress) as running:
        yield running


@contextmanager
def standin(progress: Progress) -> Generator[dict[str, str]]:
    """The repository's scripted model and real embeddings; the variables that name them."""
    port = process.free_port()
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(paths.REPO / "local" / "standin"),
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "standin"]
    with _running("The stand-in model", command, environment, url, "/health", progress):
        yield {
            "VLLM_API_BASE": f"{url}/v1",
            "LETTA_DEFAULT_LLM_HANDLE": "local/scripted-stand-in",
            "EMBEDDING_API_BASE": f"{url}/v1",
            "LETTA_DEFAULT_EMBEDDING_HANDLE": "local/all-minilm-l6-v2",
            "LETTA_EMBEDDING_DIM": "384",
        }


@contextmanager
def _running(
    name: str, command: list[str], environment: Mapping[str, str], url: str, path: str, progress: Progress
) -> Generator[Running]:
    # In a group of its own, so that Ctrl-C reaches it through us, in order.
    child = subprocess.Popen(
        [*process.guard("TERM"), *command],
        env=dict(environment), cwd=paths.REPO, process_group=0,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    running = Running(url, child, Output(child))
    try:
        _await(name, running, path, progress)
        yield running
    finally:
        process.stop(child, STOP_SECONDS)


def _await(name: str, running: Running, path: str, progress: Progress) -> None:
    progress.note(f"{name[0].lower()}{name[1:]} is starting")
    deadline = time.monotonic() + START_SECONDS
    while running.process.poll() is None:
        if time.monotonic() > deadline:
            raise PhaseError(
                f"{name} did not become ready within {START_SECONDS} s:\n{running.output.tail()}",
                "See above.",
            )
        try:
            with urllib.request.urlopen(running.url + path, timeout=2):  # noqa: S310 (our own)
                return
        except (OSError, urllib.error.URLError):
            time.sleep(POLL_SECONDS)
    code = running.process.returncode
    raise PhaseError(f"{name} ended (exit code {code}):\n{running.output.tail()}", "Correct what it names.")
