"""The first step of every make target: a virtual environment that matches requirements.lock, then the CLI.

Runs on a bare Debian 12 with nothing but Python 3.11 (standard library only). The environment is keyed by
the lock's hash, complete only when its marker exists, and built under a lock, so that an interrupted build
is simply done again. Everything said here goes to stderr: stdout belongs to the command.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

REPO = Path(__file__).resolve().parent.parent
sys.path[0] = str(REPO)

from local import paths  # noqa: E402 - needs the line above when run as a script

LOCK_FILE = REPO / "requirements.lock"
MARKER = ".complete"
OTHER_BUILD_SECONDS = 1800
SECONDS_VARIABLE = "ROOST_BOOTSTRAP_SECONDS"
"""Tells the CLI how long this step took, for the timings of `make up`."""
PIN = re.compile(rb"^[A-Za-z0-9][A-Za-z0-9._-]*==", re.MULTILINE)


def venv_dir(lock: bytes) -> Path:
    """Where the environment for exactly these pins lives."""
    return paths.cache() / "venv" / hashlib.sha256(lock).hexdigest()[:16]


def is_complete(venv: Path) -> bool:
    """False as well when the Python that it was made with is gone (the link dangles)."""
    return (venv / MARKER).is_file() and (venv / "bin" / "python").exists()


def main(argv: list[str]) -> NoReturn:
    """Make the environment if it is missing, then become `python -m local.cli <argv>`."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the very check that this script is there to make
        _fail(
            f"Roost needs Python 3.11 or newer; this is {sys.version.split()[0]}.",
            "Try make PYTHON=python3.12 …",
        )
    started = time.monotonic()
    lock = LOCK_FILE.read_bytes()
    venv = venv_dir(lock)
    if not is_complete(venv):
        with _building(venv):
            if not is_complete(venv):
                build(venv, lock)
    python = str(venv / "bin" / "python")
    os.environ[SECONDS_VARIABLE] = f"{time.monotonic() - started:.1f}"
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{REPO}{os.pathsep}{inherited}" if inherited else str(REPO)
    os.execv(python, [python, "-m", "local.cli", *argv])  # noqa: S606 - becoming the CLI is the point


def build(venv: Path, lock: bytes) -> None:
    """Create the environment from nothing; the marker is written last."""
    started = time.monotonic()
    if venv.exists():
        shutil.rmtree(venv)  # an earlier build was interrupted; pip's own cache keeps its downloads
    _say("Python   creating the virtual environment (once per requirements.lock)")
    _ensure_venv_module()
    log = venv.with_suffix(".log")
    _run([sys.executable, "-m", "venv", str(venv)], log)
    _install(venv, lock, log)
    (venv / MARKER).write_text(f"{sys.version.split()[0]}\n")
    _say(f"Python   environment ready after {time.monotonic() - started:.0f} s")


def _install(venv: Path, lock: bytes, log: Path) -> None:
    total = len(PIN.findall(lock))
    # The lock is the whole closure, so pip need not (and, for dependencies that we override away, must not)
    # look for more.
    argv = [str(venv / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    argv += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--progress-bar=off"]
    argv += ["--requirement", str(LOCK_FILE)]
    meter = _Meter(total)
    with (
        log.open("ab") as out,
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pip,
    ):
        assert pip.stdout is not None
        for line in pip.stdout:
            out.write(line)
            meter.line(line.decode(errors="replace"))
    meter.close()
    if pip.returncode != 0:
        _fail_with_log(f"pip could not install requirements.lock (exit code {pip.returncode}).", log)


class _Meter:
    """Counts packages in pip's output: one rewritten line on a terminal, a line per 25 elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = 0
        self._tty = sys.stderr.isatty()

    def line(self, text: str) -> None:
        if text.startswith("Collecting "):
            self._seen += 1
            name = text.split()[1].partition("==")[0]
            self._show(f"{self._seen}/{self._total} packages  {name}", every=25)
        elif text.startswith("Installing collected packages"):
            self._show(f"installing {self._total} packages", every=1)

    def _show(self, text: str, every: int) -> None:
        if self._tty:
            sys.stderr.write(f"\r\x1b[2KPython   {text}")
            sys.stderr.flush()
        elif every == 1 or self._seen % every == 0:
            _say(f"Python   {text}")

    def close(self) -> None:
        if self._tty:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def _ensure_venv_module() -> None:
    """Debian splits venv's pip out of Python: install it where it is missing."""
    probe = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    if probe.returncode == 0:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        _fail("Python's venv module is not installed.", "Install it (Debian: apt-get install python3-venv).")
    _say("Python   python3-venv is missing; installing it with apt-get")
    log = paths.cache() / "venv" / "apt.log"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-q"], log, environment)
    _run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "python3-venv"], log, environment)


@contextmanager
def _building(venv: Path) -> Generator[None]:
    """One builder at a time; the kernel releases the lock of a killed one."""
    venv.parent.mkdir(parents=True, exist_ok=True)
    with venv.with_suffix(".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Python   another make is creating the environment; waiting for it")
            _wait_for(handle)
        yield


def _wait_for(handle: IO[str]) -> None:
    deadline = time.monotonic() + OTHER_BUILD_SECONDS
    while time.monotonic() < deadline:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.5)
        else:
            return
    _fail("Another make has been creating the environment for half an hour.", "Stop it, then run this again.")


def _run(argv: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
    with log.open("ab") as out:
        code = subprocess.run(
            argv, stdout=out, stderr=subprocess.STDOUT, env=environment, check=False
        ).returncode
    if code != 0:
        _fail_with_log(f"`{' '.join(argv[:4])} …` failed (exit code {code}).", log)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _fail_with_log(problem: str, log: Path) -> NoReturn:
    for line in log.read_text(errors="replace").splitlines()[-12:]:
        _say(f"  │ {line}")
    _fail(problem, f"The whole log: {log}. Check that the package index answers, then run the same again.")


def _fail(problem: str, remedy: str) -> NoReturn:
    _say(f"✗ {problem}\n  {remedy}")
    sys.exit(1)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        _say("\nInterrupted; the next make starts this step again.")
        sys.exit(130)
