"""Several server processes behind one port. Each is a full replica with a listening socket of its own.

The kernel spreads connections over the sockets. The parent keeps them open: while a worker is replaced, what
was connected to its socket waits for the next one instead of being refused.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Generator
from types import FrameType

log = logging.getLogger("roost.workers")

BACKLOG = 2048
MAX_DEATHS = 5
DEATHS_SECONDS = 60.0
"""More than MAX_DEATHS workers dead within this time: something is wrong that a new worker does not mend."""

Work = Callable[[socket.socket, int], int]
"""Serves on the socket until a signal, or until the file descriptor ends; the exit code."""


def run(count: int, host: str, port: int, work: Work, grace: float) -> int:
    """Keep `count` workers alive until SIGTERM or SIGINT; those that outlive it by `grace` are killed."""
    return _Parent(listeners(count, host, port), work, grace).run()


def listeners(count: int, host: str, port: int) -> list[socket.socket]:
    """Listening sockets on the same port, which the kernel chooses when it is 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound: list[socket.socket] = []
    for _ in range(count):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, bound[0].getsockname()[1] if bound else port))
        bound.append(listener)
    for listener in bound:  # together, or the first would take every connection meanwhile
        listener.listen(BACKLOG)
    return bound


class _Parent:
    def __init__(self, sockets: list[socket.socket], work: Work, grace: float) -> None:
        self._sockets = sockets
        self._work = work
        self._grace = grace
        self._children: dict[int, int] = {}
        self._deaths: deque[float] = deque(maxlen=MAX_DEATHS + 1)
        self._stopping = False
        # Never written: its end tells a worker that its parent is gone, however that happened.
        self._alive, self._parent_end = os.pipe()

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGALRM, self._kill)
        gc.collect()
        gc.freeze()  # the workers share the memory of what was imported
        for index in range(len(self._sockets)):
            self._start(index)
        failed = False
        while self._children:
            pid, status = os.wait()
            index = self._children.pop(pid, None)
            if index is None or self._stopping:
                continue
            log.error("worker died", extra={"worker": index, "code": os.waitstatus_to_exitcode(status)})
            if self._hopeless():
                failed = True
                log.critical("giving up", extra={"deaths": MAX_DEATHS + 1, "seconds": DEATHS_SECONDS})
                self._stop(signal.SIGTERM, None)
            else:
                self._start(index)
        return 1 if failed else 0

    def _hopeless(self) -> bool:
        self._deaths.append(time.monotonic())
        return len(self._deaths) > MAX_DEATHS and self._deaths[-1] - self._deaths[0] < DEATHS_SECONDS

    def _start(self, index: int) -> None:
        with _undisturbed():  # a signal between fork and its note would miss the new worker
            pid = os.fork()
            if pid:
                self._children[pid] = index
            else:
                for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
                    signal.signal(number, signal.SIG_DFL)
        if not pid:
            self._become_worker(index)

    def _become_worker(self, index: int) -> None:
        os.close(self._parent_end)
        code = 1
        try:
            code = self._work(self._sockets[index], self._alive)
        except Exception:  # the end of this process; what is in the parent's stack is not ours to unwind
            log.exception("worker failed", extra={"worker": index})
        finally:
            logging.shutdown()
            os._exit(code)

    def _stop(self, number: int, _: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            signal.setitimer(signal.ITIMER_REAL, self._grace)
        self._signal(signal.Signals(number))

    def _kill(self, *_: object) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for pid in list(self._children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


@contextlib.contextmanager
def _undisturbed() -> Generator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
