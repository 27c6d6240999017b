"""Notices when the event loop does not turn, says what it is doing instead, and tells readiness.

A task on the loop leaves the time; a thread of its own looks at it. Both use the monotonic clock.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic
from types import FrameType

from app.telemetry import metrics

log = logging.getLogger("roost.watchdog")

BEAT_SECONDS = 0.5
REPORT_SECONDS = 2.0
"""A loop that did not turn for so long is reported, with what it does."""
FRAMES = 40
"""Of a stack, the innermost ones."""
THREADS = 20


@dataclass(frozen=True)
class Patience:
    """When a loop that hangs makes the server not ready, and for how long it has to turn again."""

    stalled: float
    recovered: float
    report: float = REPORT_SECONDS
    beat: float = BEAT_SECONDS


class Watchdog:
    """Watches the loop that runs `beat`, and `executor`, the threads that the loop gives work to."""

    def __init__(self, patience: Patience, executor: ThreadPoolExecutor) -> None:
        self._patience = patience
        self._queue = executor._work_queue  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._beaten = monotonic()
        self._stalled_until = float("-inf")
        self._over = threading.Event()
        self._thread_id = 0

    @property
    def stalled(self) -> bool:
        """Whether the loop hung so long, and so lately, that others should have the traffic."""
        return monotonic() < self._stalled_until

    async def beat(self) -> None:
        """Leave the time until cancelled; how late that happens is the loop's lag."""
        self._thread_id = threading.get_ident()
        self._beaten = monotonic()
        watcher = threading.Thread(target=self._watch, name="event loop watchdog", daemon=True)
        watcher.start()
        lags = metrics.LAG_MS.labels("watchdog")
        try:
            while True:
                await asyncio.sleep(self._patience.beat)
                lag = self._beat()
                lags.observe(lag * 1000)
                metrics.EXECUTOR_BACKLOG.set(self._queue.qsize())
        finally:
            self._over.set()

    def _beat(self) -> float:
        now = monotonic()
        lag = max(0.0, now - self._beaten - self._patience.beat)
        self._beaten = now
        if lag >= self._patience.stalled:
            self._stalled_until = now + self._patience.recovered
        if lag >= self._patience.report:
            metrics.LOOP_STALLS.inc()
            log.warning("the event loop turns again", extra={"lag_seconds": round(lag, 3)})
        return lag

    def _watch(self) -> None:
        """In the thread: report a stall when it is noticed, and once more when it makes us not ready."""
        reported = (0.0, 0.0)  # the beat that is missed, and the limit that was reported for it
        while not self._over.wait(self._patience.beat):
            beaten = self._beaten
            late = monotonic() - beaten - self._patience.beat
            limits = [limit for limit in (self._patience.report, self._patience.stalled) if late >= limit]
            if limits and (beaten, max(limits)) > reported:
                reported = (beaten, max(limits))
                self._report(late)

    def _report(self, late: float) -> None:
        severe = late >= self._patience.stalled
        frames = sys._current_frames()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        threads = {}
        if severe:
            others = [ident for ident in frames if ident not in {self._thread_id, threading.get_ident()}]
            threads = {names.get(ident) or str(ident): _stack(frames[ident]) for ident in others[:THREADS]}
        log.log(
            logging.CRITICAL if severe else logging.ERROR,
            "the event loop does not turn",
            extra={
                "lag_seconds": round(late, 3),
                "stack": _stack(frames.get(self._thread_id)),
                "threads": threads,
            },
        )


def _stack(frame: FrameType | None) -> list[str]:
    """Places in the code, outermost first, without values."""
    if frame is None:
        return []
    found = traceback.StackSummary.extract(traceback.walk_stack(frame), limit=FRAMES, lookup_lines=False)
    return [f"{place.filename}:{place.lineno} {place.name}" for place in reversed(found)]
