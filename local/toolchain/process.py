"""Runs a long command under a deadline, keeps its output in a log, and hands each line to a watcher."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_POLL_SECONDS = 0.5
_STOP_SECONDS = 5.0


class CommandTimeoutError(Exception):
    """The command did not end within its deadline and was killed, with everything that it had started."""


def run_logged(
    argv: Sequence[str],
    *,
    log: Path,
    seconds: float,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    watch: Callable[[str], None] = lambda _: None,
) -> int:
    """Run `argv` with both outputs appended to `log`; returns the exit status.

    Raises:
        CommandTimeoutError: it ran longer than `seconds`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        argv,
        cwd=directory,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    try:
        _pump(process, log, time.monotonic() + seconds, watch)
        return process.wait(_STOP_SECONDS)
    except BaseException:
        _stop(process)
        raise


def _pump(process: subprocess.Popen[bytes], log: Path, deadline: float, watch: Callable[[str], None]) -> None:
    """Copy output until it ends, which is when the command and all that it started have ended."""
    assert process.stdout is not None
    rest = b""
    with selectors.DefaultSelector() as selector, log.open("ab") as out, process.stdout as pipe:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if time.monotonic() > deadline:
                raise CommandTimeoutError
            if not selector.select(_POLL_SECONDS):
                continue
            data = os.read(pipe.fileno(), 65536)
            if not data:
                break
            out.write(data)
            out.flush()
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                watch(line.decode(errors="replace").rstrip())


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
