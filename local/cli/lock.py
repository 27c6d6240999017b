"""One command at a time may change the stack; a second one hears who holds it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager

from local import paths
from local.cli import units
from local.progress import PhaseError


@contextmanager
def exclusive(command: str) -> Generator[None]:
    """Hold the stack while the block runs; the kernel lets go of it when the process dies.

    Raises:
        PhaseError: somebody else holds it; names their command, process and age.
    """
    path = paths.private_state() / "make.lock"
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise _held(handle.read()) from None
        handle.truncate(0)
        handle.write(f"{command} {os.getpid()} {time.time():.0f}")
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)


def _held(record: str) -> PhaseError:
    words = record.split()
    who = "another command"
    if len(words) == 3:
        command, pid, began = words
        who = f"`make {command}` (process {pid}, for {units.duration(time.time() - float(began))})"
    return PhaseError(
        f"{who} is at work on this stack.", "Wait for it to end or stop it, then run this again."
    )
