"""Peak memory of the processes that a phase starts."""

from __future__ import annotations

import os
import threading
from pathlib import Path

INTERVAL_SECONDS = 0.5
PAGE = os.sysconf("SC_PAGE_SIZE")


class PeakMemory:
    """Samples the resident memory of all descendants of this process until `stop`.

    Processes that detach from us (the machine's own) are not counted; `make status` shows those.
    """

    def __init__(self) -> None:
        self._peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """End sampling; bytes at the highest sample."""
        self._stop.set()
        self._thread.join(timeout=5)
        return self._peak

    def _sample(self) -> None:
        while not self._stop.wait(INTERVAL_SECONDS):
            self._peak = max(self._peak, descendants_bytes(os.getpid()))


def descendants_bytes(root: int) -> int:
    """Resident bytes of every process below `root` (shared pages count once per process)."""
    parents: dict[int, int] = {}
    resident: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        parents[int(entry.name)] = int(fields[1])
        resident[int(entry.name)] = int(fields[21]) * PAGE
    return sum(size for pid, size in resident.items() if pid != root and _below(pid, root, parents))


def _below(pid: int, root: int, parents: dict[int, int]) -> bool:
    seen = 0
    while pid in parents and seen < 64:
        pid, seen = parents[pid], seen + 1
        if pid == root:
            return True
    return False
