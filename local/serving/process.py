"""Child processes that end with us: a guard against our own death, and a stop with a deadline."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys


def guard(number: str) -> list[str]:
    """What to put before a command so that the kernel sends it `number` when we are killed."""
    found = shutil.which("setpriv") if sys.platform == "linux" else None
    return [found, "--pdeathsig", number] if found else []


def stop(process: subprocess.Popen[bytes], seconds: float, number: signal.Signals = signal.SIGTERM) -> int:
    """Signal it, after `seconds` kill its whole group, which it must lead; the exit code."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
