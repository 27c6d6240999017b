"""Calls that fail on purpose, and a count of all calls."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What a call is answered with instead."""

    code: str
    message: str
    http_status: int


class Calls:
    """What was called, and which of the next calls fail; used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._faults: dict[str, list[Fault]] = {}

    def plan(self, wish: dict[str, Any]) -> None:
        """Let the next `times` calls of `service` and `operation` fail, after those planned before.

        Raises:
            ValueError: something is missing, or is none of the six.
        """
        wanted = {"service", "operation", "times", "code", "message", "http_status"}
        if set(wish) != wanted:
            raise ValueError(f"a fault has exactly {sorted(wanted)}, not {sorted(wish)}")
        fault = Fault(str(wish["code"]), str(wish["message"]), int(wish["http_status"]))
        with self._lock:
            queue = self._faults.setdefault(f"{wish['service']}.{wish['operation']}", [])
            queue.extend([fault] * int(wish["times"]))

    def count(self, service: str, operation: str) -> Fault | None:
        """Note a call; the fault it has to fail with, if one was planned."""
        key = f"{service}.{operation}"
        with self._lock:
            self._counts[key] += 1
            queue = self._faults.get(key)
            return queue.pop(0) if queue else None

    def counts(self) -> dict[str, int]:
        """By `service.Operation`, sorted."""
        with self._lock:
            return dict(sorted(self._counts.items()))
