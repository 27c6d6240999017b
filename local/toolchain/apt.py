"""Installs the Debian packages that the embedded platform needs, and only those that are missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local.paths import state
from local.progress import PhaseError, Progress
from local.toolchain.process import CommandTimeoutError, run_logged

_QUESTION_SECONDS = 30
_UPDATE_SECONDS = 300
_INSTALL_SECONDS = 1200
# Another apt (unattended upgrades, say) may hold dpkg's lock for a while.
_LOCK_SECONDS = 180
_POLICY = Path("/usr/sbin/policy-rc.d")
_STEP = re.compile(r"^(?:Get:\d+ \S+ \S+ \S+|Unpacking|Setting up) (\S+)")
_SIMULATED = re.compile(r"^Inst (\S+)", re.MULTILINE)
# A download, an unpacking and a setting up.
_STEPS_EACH = 3


def install(packages: Sequence[str], progress: Progress) -> list[str]:
    """Make sure that `packages` are installed; returns those that had to be.

    What is installed already is left at the version that it has, even where a newer one exists.

    Raises:
        PhaseError: this is no Debian, we are not root, or apt failed.
    """
    missing = absent(packages)
    if not missing:
        return []
    if os.geteuid() != 0:
        raise PhaseError(
            f"Debian packages are missing and only root may install them: {' '.join(missing)}.",
            f"Run as root, or install them yourself: sudo apt-get install {' '.join(missing)}",
        )
    log = state() / "logs" / "apt.log"
    progress.log(log)
    progress.note("reading the package lists")
    _apt(["update"], log, _UPDATE_SECONDS)
    arguments = ["install", "--yes", "--no-install-recommends", "--no-upgrade", *missing]
    total = len(_simulated(arguments)) * _STEPS_EACH
    seen = 0

    def watch(line: str) -> None:
        nonlocal seen
        if found := _STEP.match(line):
            seen = min(seen + 1, total)
            progress.advance(seen, total, found[1])

    with _services_stay_down():
        _apt(arguments, log, _INSTALL_SECONDS, watch)
    if still := absent(missing):
        raise PhaseError(
            f"apt-get reported success, but these packages are not installed: {' '.join(still)}.",
            f"Install them by hand and read why: apt-get install {' '.join(still)}",
        )
    return missing


def absent(packages: Sequence[str]) -> list[str]:
    """Those of `packages` that are not installed (a package whose configuration alone is left is not).

    Raises:
        PhaseError: this machine has no dpkg or no apt.
    """
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        raise PhaseError(
            "The embedded cluster is put together from Debian packages, and this machine has no apt.",
            "Use Debian or Ubuntu, or your own cluster: make up CONTEXT=<kubeconfig context>",
        )
    result = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages],
        capture_output=True,
        text=True,
        timeout=_QUESTION_SECONDS,
        check=False,  # it exits with 1 when a package is unknown, which is an answer
    )
    lines = [line.split(" ") for line in result.stdout.splitlines()]
    installed = {name for name, *status in lines if status == ["installed"]}
    return [package for package in packages if package not in installed]


@contextmanager
def _services_stay_down() -> Generator[None]:
    """Debian starts the services of what it installs (etcd, containerd); the embedded machine runs its own.

    The script says no only while this process lives, so that one left behind by a kill does no harm.
    """
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text(
        f"#!/bin/sh\n# Made by Roost for one apt-get.\nkill -0 {os.getpid()} || exit 0\nexit 101\n"
    )
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)


def _apt(
    arguments: list[str], log: Path, seconds: float, watch: Callable[[str], None] = lambda _: None
) -> None:
    options = [f"DPkg::Lock::Timeout={_LOCK_SECONDS}", "Acquire::Retries=3", "Dpkg::Use-Pty=0"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    argv = ["apt-get", *(part for option in options for part in ("-o", option)), *arguments]
    try:
        status = run_logged(argv, log=log, seconds=seconds, environment=environment, watch=watch)
    except CommandTimeoutError:
        raise PhaseError(
            f"`apt-get {arguments[0]}` did not end within {seconds / 60:.0f} minutes.",
            "Check the network and whether another apt is running, then try again.",
        ) from None
    if status != 0:
        raise PhaseError(
            f"`apt-get {arguments[0]}` failed with exit code {status}.",
            f"Read the reason at the end of {log}; `dpkg --configure -a` mends an interrupted one.",
        )


def _simulated(arguments: list[str]) -> list[str]:
    """The packages that apt would install, dependencies included."""
    result = subprocess.run(
        ["apt-get", "--simulate", *arguments],
        capture_output=True,
        text=True,
        timeout=_QUESTION_SECONDS,
        check=False,  # the real run says what is wrong, into the log
    )
    return _SIMULATED.findall(result.stdout)
