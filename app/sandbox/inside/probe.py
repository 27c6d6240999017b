"""Tries, from inside the walls, what no tool may do. What works is a hole, and is told."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path


def holes(outside: str, *, network: bool) -> list[str]:
    """What a tool could do here and should not. `outside` is a readable file that is not the tool's."""
    tries: dict[str, Callable[[], object]] = {
        "read files of the server": Path(outside).read_bytes,
        "write outside its directory": Path(f"{outside}.probe").touch,
        "read the server's environment": Path(f"/proc/{os.getppid()}/environ").read_bytes,
        "signal the server": lambda: os.kill(os.getppid(), 0),
        "start processes": os.fork,
        "start programs": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        "regain privileges": lambda: os.setuid(0),
    }
    if not network:
        tries["use the network"] = lambda: socket.socket().close()
    return [name for name, attempt in tries.items() if _works(attempt)]


def _works(attempt: Callable[[], object]) -> bool:
    try:
        outcome = attempt()
    except OSError:
        return False
    if outcome == 0:  # the child of a fork that should have failed
        os.kill(os.getpid(), signal.SIGKILL)
    return True
