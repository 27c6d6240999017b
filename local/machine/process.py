"""The keeper as a process: start it, find it, wait for its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from local import paths
from local.machine.layout import Layout
from local.progress import Progress

STOP_SECONDS = 60.0


def launch(place: Layout, edge_ports: tuple[int, int]) -> subprocess.Popen[bytes]:
    """Start the keeper in a session of its own; it outlives us."""
    with (place.logs / "keeper.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "local.machine.keeper", *map(str, edge_ports)],
            cwd=paths.REPO,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def keeper_pid(place: Layout) -> int | None:
    """The keeper of this state directory, when it lives."""
    try:
        pid = int(place.pid_file.read_text())
    except (OSError, ValueError):
        return None
    return pid if _is_keeper(pid) else None


def end(pid: int, progress: Progress) -> None:
    """Ask the keeper to stop the machine, and wait until it has; after a minute it is killed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    # Its command line, not its pid: started by this very process, it stays a zombie after its end.
    while _is_keeper(pid):
        if time.monotonic() > deadline:
            progress.note("it did not stop by itself; ending it")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.1)


def _is_keeper(pid: int) -> bool:
    try:
        return b"local.machine.keeper" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
