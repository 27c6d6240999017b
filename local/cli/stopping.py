"""SIGTERM and SIGHUP (the terminal was closed) are Ctrl-C for commands that have something to take down."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def orderly() -> Generator[None]:
    """Raise KeyboardInterrupt for the first of these signals; while things stop, further ones are ignored."""

    def interrupt(number: int, _: FrameType | None) -> None:
        for other in STOPS:
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt(number)

    before = {number: signal.signal(number, interrupt) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
