"""What a pool's connections go through, counted by the pool's own word: events, waits, errors, exhaustion."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import monotonic, perf_counter
from typing import Any, Protocol

from app.telemetry import metrics

log = logging.getLogger("roost.db.pool")

WARN_SECONDS = 10.0
"""Between two lines of the log that say the same of a pool."""

EVENTS = (
    "connect", "first_connect", "checkout", "checkin", "reset", "invalidate", "soft_invalidate", "close",
    "detach", "close_detached",
)  # fmt: skip
"""Upstream's ten. asyncpg's pool lets no connection go for good, so the last two stay 0."""


class Pool(Protocol):
    """What a pool says of itself."""

    def get_size(self) -> int:
        """Open connections."""
        ...

    def get_idle_size(self) -> int:
        """Those of them that nobody uses."""
        ...

    def is_closing(self) -> bool:
        """Whether it is being closed as a whole."""
        ...


@dataclass(frozen=True)
class Statistics:
    """A pool at one moment."""

    limit: int
    """Connections at most, overflow included."""
    size: int
    """Open ones."""
    in_use: int
    waiters: int
    """Requests that wait for a connection, or for a new one to open."""
    overflow: int
    """Open ones beyond the pool's regular size."""


class Monitor:
    """Watches one pool. Used on the event loop only."""

    pool: Pool

    def __init__(self, name: str, regular: int, overflow: int) -> None:
        self._name = name
        self._regular = regular
        self._limit = regular + overflow
        self._waiters = 0
        self._opened = 0
        self._warned = float("-inf")
        self._unsaid = 0
        self._events = {event: metrics.POOL_EVENTS.labels(name, event) for event in EVENTS}
        self._waits = metrics.POOL_WAIT_MS.labels(name)
        self._uses = metrics.POOL_USE_MS.labels(name)
        self._timeouts = metrics.POOL_TIMEOUTS.labels(name)

    async def opened(self, connection: Any) -> None:
        """A connection was opened; asyncpg calls it for each."""
        self._opened += 1
        if self._opened == 1:
            self._events["first_connect"].inc()
        self._events["connect"].inc()
        connection.on_reset = self._events["reset"].inc
        connection.add_termination_listener(partial(self._closed, connection))

    def _closed(self, connection: Any, *_: object) -> None:
        """It is gone: retired by the pool while idle or old, or lost without our doing."""
        self._events["close"].inc()
        if connection.lost:
            self._events["invalidate"].inc()
        elif not self.pool.is_closing():
            self._events["soft_invalidate"].inc()

    @contextmanager
    def waiting(self) -> Generator[None]:
        """Around the wait for a connection."""
        began = perf_counter()
        self._waiters += 1
        try:
            yield
        except TimeoutError:
            self._timeouts.inc()
            self._exhausted()
            raise
        except Exception as error:
            metrics.POOL_ERRORS.labels(self._name, type(error).__name__).inc()
            raise
        finally:
            self._waiters -= 1
            self._waits.observe((perf_counter() - began) * 1000)
        self._events["checkout"].inc()

    @contextmanager
    def using(self) -> Generator[None]:
        """Around the use of a connection, its return included."""
        began = perf_counter()
        try:
            yield
        finally:
            self._uses.observe((perf_counter() - began) * 1000)
            self._events["checkin"].inc()

    def statistics(self) -> Statistics:
        """The pool now."""
        size = self.pool.get_size()
        in_use = size - self.pool.get_idle_size()
        return Statistics(self._limit, size, in_use, self._waiters, max(0, size - self._regular))

    def publish(self) -> None:
        """Bring the gauges up to date."""
        now = self.statistics()
        for gauge, value in (
            (metrics.POOL_TOTAL, now.size),
            (metrics.POOL_CHECKED_OUT, now.in_use),
            (metrics.POOL_AVAILABLE, now.limit - now.in_use),
            (metrics.POOL_OVERFLOW, now.overflow),
            (metrics.POOL_IN_USE, now.in_use),
            (metrics.POOL_WAITERS, now.waiters),
            (metrics.POOL_UTILIZATION, now.in_use / now.limit),
        ):
            gauge.labels(self._name).set(value)

    def _exhausted(self) -> None:
        now = monotonic()
        if now - self._warned < WARN_SECONDS:
            self._unsaid += 1
            return
        found = self.statistics()
        log.warning(
            "no database connection in time",
            extra={
                "engine_name": self._name,
                "exhausted": found.in_use >= found.limit,
                "pool_limit": found.limit,
                "pool_size": found.size,
                "pool_in_use": found.in_use,
                "pool_waiters": found.waiters,
                "pool_overflow": found.overflow,
                "unsaid": self._unsaid,
            },
        )
        self._warned, self._unsaid = now, 0
