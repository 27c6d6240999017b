"""An environment with ClickHouse's engine alone, for tests: its package declares pandas and pyarrow, which
take as much room again and are not needed."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

from local import paths

LOCK = Path(__file__).with_name("requirements.lock")
_TIMEOUT_SECONDS = 600


def python() -> Path:
    """The interpreter of the environment that belongs to the lock; made on the first call."""
    home = paths.cache() / "clickhouse" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    interpreter, done = home / "bin" / "python", home / "complete"
    home.mkdir(parents=True, exist_ok=True)
    with (home.parent / f"{home.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not done.exists():
            _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(home))
            _run(
                *(sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--quiet"),
                *("--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes"),
                *("--only-binary=:all:", "--requirement", str(LOCK)),
            )
            done.touch()
    return interpreter


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=_TIMEOUT_SECONDS)
