"""What a process and its children have used, from /proc: CPU seconds and memory."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def memory(root: int) -> int:
    """Bytes of `root` and everything below it; what they share is counted once."""
    total = 0
    for pid in _tree(root):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
            total += sum(int(size) for size in _PSS.findall(rollup)) * 1024
    return total


def cpu_seconds(root: int) -> float:
    """CPU of `root` and everything below it, including children that have ended."""
    seconds = 0.0
    for pid in _tree(root):
        # One that ends meanwhile is in its parent's account.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            seconds += sum(int(field) for field in fields[11:15]) / TICK
    return seconds


def _tree(root: int) -> list[int]:
    found, waiting = [root], [root]
    while waiting:
        tasks = Path(f"/proc/{waiting.pop()}/task")
        for task in tasks.glob("*/children"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                below = [int(child) for child in task.read_text(encoding="utf-8").split()]
                found += below
                waiting += below
    return found
