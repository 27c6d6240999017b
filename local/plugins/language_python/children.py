"""The processes that a language host starts, each the leader of its own group so that none is left over."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

# The engine waits five seconds after SIGINT before it kills the host, so the host must be done by then.
_GRACE_SECONDS = 3.0
_POLL_SECONDS = 0.02


class Children:
    """Starts processes and ends them: SIGINT first, SIGKILL after a grace period. Thread-safe."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    def start(
        self,
        argv: Sequence[str],
        *,
        directory: Path,
        variables: Mapping[str, str],
        capture: bool,
        given: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Start a process group; with `capture` its output comes through pipes, else it is ours.

        `given` is its standard input, nothing or `subprocess.PIPE`.
        """
        output = subprocess.PIPE if capture else None
        process = subprocess.Popen(
            argv,
            cwd=directory,
            env=dict(variables),
            stdin=given,
            stdout=output,
            stderr=output,
            process_group=0,
        )
        with self._lock:
            self._running.add(process)
        return process

    def finish(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a process to end by itself; returns its exit status (negative: the signal)."""
        status = process.wait()
        with self._lock:
            self._running.discard(process)
        return status

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End one process and all that it started."""
        _stop([process])

    def stop_all(self) -> None:
        """End everything that is still running."""
        with self._lock:
            running = list(self._running)
        _stop(running)


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    running = [process for process in processes if process.poll() is None]
    for process in running:
        _signal(process, signal.SIGINT)
    deadline = time.monotonic() + _GRACE_SECONDS
    while time.monotonic() < deadline and any(process.poll() is None for process in running):
        time.sleep(_POLL_SECONDS)
    for process in running:
        # Also when the leader has ended: what it started may not have.
        _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
