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
from pathlib import Path

from local import paths
from local.progress import PhaseError, Progress
from local.serving import process

START_SECONDS = 180.0
STOP_SECONDS = 15
POLL_SECONDS = 0.05
KEPT_LINES = 40

DEFAULTS = {
    "ROOST_DRAIN_SECONDS": "5",  # whoever presses Ctrl-C does not wait a minute for a stream to end
    "ROOST_RATE_LIMIT_PER_MINUTE": "0",  # a test suite and a benchmark are no abuse
}
"""Of a server by itself, where nothing else is said."""


class Pipe:
    """What a process writes: the last lines until `show`, from then on passed to our stdout."""

    def __init__(self) -> None:
        self._read_end, self.write_end = os.pipe()
        self._kept: deque[bytes] = deque(maxlen=KEPT_LINES)
        self._shown = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def show(self) -> None:
        """Pass on what comes from now on."""
        self._shown = True

    def tail(self) -> str:
        """The last lines."""
        self._thread.join(0.5)  # complete if the process has ended
        return b"".join(self._kept).decode(errors="replace")

    def _read(self) -> None:
        with os.fdopen(self._read_end, "rb") as pipe:
            for line in pipe:
                self._kept.append(line)
                if self._shown:
                    sys.stdout.buffer.write(line)
                    sys.stdout.buffer.flush()


class LogFile:
    """The same into a file, at no cost to us."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.write_end = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def show(self) -> None:
        """Say where it is instead."""
        sys.stdout.write(f"  The log is {self._path}\n")

    def tail(self) -> str:
        """The last lines."""
        return "\n".join(self._path.read_text(errors="replace").splitlines()[-KEPT_LINES:])


@dataclass(frozen=True)
class Command:
    """What to run, and how to see that it is ready. `name` is for sentences: `The server`."""

    name: str
    argv: list[str]
    environment: Mapping[str, str]
    url: str
    ready_path: str
    directory: Path = paths.REPO
    seconds: float = START_SECONDS
    """How long its start may take."""


@dataclass(frozen=True)
class Running:
    """A process that answers at `url`."""

    url: str
    process: subprocess.Popen[bytes]
    output: Pipe | LogFile


@contextmanager
def server(
    variables: Mapping[str, str], port: int, progress: Progress, log: Path | None = None
) -> Generator[Running]:
    """The agent server on a port of the loopback, once it is ready; it logs into `log`. Raises PhaseError."""
    url = f"http://127.0.0.1:{port}"
    own = {"HOST": "127.0.0.1", "PORT": str(port)}
    environment = DEFAULTS | dict(variables) | own
    argv = [sys.executable, "-m", "app.cli", "serve"]
    command = Command("The server", argv, environment, url, "/v1/ready/")
    with running(command, progress, LogFile(log) if log else Pipe()) as ready:
        yield ready


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
    command = Command("The stand-in model", [sys.executable, "-m", "standin"], environment, url, "/health")
    with running(command, progress, Pipe()):
        yield {
            "VLLM_API_BASE": f"{url}/v1",
            "LETTA_DEFAULT_LLM_HANDLE": "local/scripted-stand-in",
            "EMBEDDING_API_BASE": f"{url}/v1",
            "LETTA_DEFAULT_EMBEDDING_HANDLE": "local/all-minilm-l6-v2",
            "LETTA_EMBEDDING_DIM": "384",
        }


@contextmanager
def running(command: Command, progress: Progress, output: Pipe | LogFile) -> Generator[Running]:
    """Any process that listens, once it is ready; stopped at the end. Raises PhaseError."""
    try:
        # In a group of its own, so that Ctrl-C reaches it through us, in order.
        child = subprocess.Popen(
            [*process.guard("TERM"), *command.argv],
            env=dict(command.environment), cwd=command.directory, process_group=0,
            stdin=subprocess.DEVNULL, stdout=output.write_end, stderr=subprocess.STDOUT,
        )  # fmt: skip
    finally:
        os.close(output.write_end)
    started = Running(command.url, child, output)
    try:
        _await(command, started, progress)
        yield started
    finally:
        process.stop(child, STOP_SECONDS)


def _await(command: Command, started: Running, progress: Progress) -> None:
    name = command.name
    progress.note(f"{name[0].lower()}{name[1:]} is starting")
    deadline = time.monotonic() + command.seconds
    while started.process.poll() is None:
        if time.monotonic() > deadline:
            said = started.output.tail()
            raise PhaseError(f"{name} is not ready after {command.seconds:.0f} s:\n{said}", "See above.")
        try:
            with urllib.request.urlopen(command.url + command.ready_path, timeout=2):  # noqa: S310 (ours)
                return
        except (OSError, urllib.error.URLError):
            time.sleep(POLL_SECONDS)
    code = started.process.returncode
    raise PhaseError(f"{name} ended (exit code {code}):\n{started.output.tail()}", "Correct what it names.")
