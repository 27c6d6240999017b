"""What no limit of the kernel covers: how long a call takes, its threads, and all it has on disk together."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

MAX_THREADS = 64
MAX_FILES = 2_000


@dataclass
class Call:
    """A call that runs."""

    pid: int
    scratch: str
    deadline: float
    max_disk: int
    why: str | None = None
    """Why it was killed, if it was."""


def verdict(call: Call) -> str | None:
    """Why the call must end now, or None."""
    if monotonic() >= call.deadline:
        return "time"
    if _threads(call.pid) > MAX_THREADS:
        return "threads"
    return "disk" if _too_much(call.scratch, call.max_disk) else None


def _threads(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[17])
    except (OSError, ValueError, IndexError):
        return 0  # it just ended


def _too_much(directory: str, most: int) -> bool:
    size = count = 0
    for root, directories, files in os.walk(directory):
        count += len(directories) + len(files)
        for name in files:
            try:
                size += Path(root, name).lstat().st_blocks * 512
            except OSError:
                continue
        if size > most or count > MAX_FILES:
            return True
    return False
