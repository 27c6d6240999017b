"""Running the programs that images are built with: a log file, a deadline, an error that explains."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.progress import PhaseError


def run(
    command: Sequence[str],
    log: Path,
    *,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    remedy: str = "",
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run `command`, appending its output to `log` and showing each line to `on_line`.

    `timeout` is in seconds and ends the whole process group. Raises PhaseError when the command is missing,
    fails or takes too long.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    remedy = remedy or f"Read {log}, remove the cause and run the same command again."
    with log.open("ab", buffering=0) as sink:
        sink.write(f"$ {' '.join(command)}\n".encode())
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise PhaseError(
                f"The program {command[0]} is not installed.", f"Install it: apt-get install {command[0]}"
            ) from error
        late = _follow(process, sink.write, on_line, timeout)
    if late:
        raise PhaseError(f"`{command[0]}` did not finish within {timeout:.0f} seconds.", remedy)
    if process.returncode != 0:
        raise PhaseError(f"`{' '.join(command[:3])} …` failed with exit status {process.returncode}.", remedy)


def _follow(
    process: subprocess.Popen[bytes],
    write: Callable[[bytes], object],
    on_line: Callable[[str], None] | None,
    timeout: float,
) -> bool:
    """Copy the output until the process ends; True when it had to be ended because it was late."""
    late = threading.Event()

    def end() -> None:
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(timeout, end)
    timer.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            write(line)
            if on_line is not None:
                on_line(line.decode(errors="replace").rstrip())
        process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return late.is_set()
