"""Environments of a benchmark's own packages, outside the checkout: the peer's, and the one that plots."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from pathlib import Path

from local import paths
from local.progress import PhaseError, Progress
from local.toolchain.process import CommandTimeoutError, run_logged

INSTALL_SECONDS = 900
FROM_SOURCE = ("demjson3",)
"""Published without a wheel, in pure Python."""


def python(name: str, lock: Path, progress: Progress) -> Path:
    """The interpreter of the environment that belongs to the lock; made on the first call.

    Raises:
        PhaseError: it could not be installed.
    """
    home = paths.cache() / name / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    done = home / ".complete"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as guard:
        progress.note("waiting for another installation of it")
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not done.is_file():
            shutil.rmtree(home, ignore_errors=True)  # an earlier installation was interrupted
            _install(home, lock, progress)
            done.touch()
    return home / "bin" / "python"


def _install(home: Path, lock: Path, progress: Progress) -> None:
    log = home.with_suffix(".log")
    log.unlink(missing_ok=True)
    progress.log(log)
    progress.note("installing its packages, once per lock file")
    target = home / "bin" / "python"
    uv = [str(Path(sys.prefix) / "bin" / "uv"), "pip", "install", "--python", str(target), "--no-progress"]
    uv += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--compile-bytecode"]
    uv += [f"--no-binary={package}" for package in FROM_SOURCE]
    _run([sys.executable, "-m", "venv", "--without-pip", str(home)], log, progress)
    _run([*uv, "--requirement", str(lock)], log, progress)


def _run(argv: list[str], log: Path, progress: Progress) -> None:
    try:
        code = run_logged(argv, log=log, seconds=INSTALL_SECONDS, watch=progress.note)
    except CommandTimeoutError:
        code = -1
    if code != 0:
        raise PhaseError(
            f"`{' '.join([Path(argv[0]).name, *argv[1:3]])}` failed (exit code {code}).",
            "Check that the package index answers, then run the same again.",
        )
