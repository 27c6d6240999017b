"""Whether this process is draining, and what is still in flight."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from app.telemetry import metrics


class Lifecycle:
    """Counts work in flight so that a drain knows when it is over. Used on the event loop only."""

    def __init__(self) -> None:
        self.draining = False
        self.prepared = False
        """Whether start-up work that needs the database is done."""
        self._requests = 0
        self._turns = 0

    @property
    def busy(self) -> bool:
        """Whether a request, a stream or a turn is unfinished."""
        return self._requests > 0 or self._turns > 0

    def drain(self) -> None:
        """Fail readiness and ask clients to leave; work in flight goes on."""
        self.draining = True
        metrics.DRAINING.set(1)

    @contextmanager
    def request(self, route_class: str) -> Generator[None]:
        """Count a request, including the whole of a stream."""
        foreground = metrics.FOREGROUND.labels(route_class)
        self._requests += 1
        metrics.IN_FLIGHT.inc()
        foreground.inc()
        try:
            yield
        finally:
            self._requests -= 1
            metrics.IN_FLIGHT.dec()
            foreground.dec()

    @contextmanager
    def turn(self, *, background: bool) -> Generator[None]:
        """Count a turn, which may outlive the request that started it."""
        self._turns += 1
        metrics.TURNS.inc()
        metrics.BACKGROUND.labels("message").inc(background)
        try:
            yield
        finally:
            self._turns -= 1
            metrics.TURNS.dec()
            metrics.BACKGROUND.labels("message").dec(background)
