"""Running the programs that images are built with: a log file, a deadline, an error that explains."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.progress import PhaseError
from local.toolchain.process import CommandTimeoutError, run_logged


def run(
    command: Sequence[str],
    log: Path,
    *,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    remedy: str = "",
    on_line: Callable[[str], None] = lambda _: None,
) -> None:
    """Run `command`, appending its output to `log` and showing each line to `on_line`.

    `timeout` is in seconds, `env` is added to our own. Raises PhaseError when the command is missing, fails
    or takes too long.
    """
    remedy = remedy or f"Read {log}, remove the cause and run the same command again."
    environment = {**os.environ, **(env or {})}
    try:
        status = run_logged(
            command, log=log, seconds=timeout, directory=cwd, environment=environment, watch=on_line
        )
    except FileNotFoundError as error:
        raise PhaseError(
            f"The program {command[0]} is not installed.", f"Install it: apt-get install {command[0]}"
        ) from error
    except CommandTimeoutError as error:
        raise PhaseError(f"`{command[0]}` did not finish within {timeout:.0f} seconds.", remedy) from error
    if status != 0:
        raise PhaseError(f"`{' '.join(command[:3])} …` failed with exit status {status}.", remedy)
