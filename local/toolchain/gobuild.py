"""Builds Go programs into the cache, once per version, in a way that an interruption cannot spoil."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from local.paths import cache
from local.progress import PhaseError, Progress
from local.toolchain.process import CommandTimeoutError, run_logged
from local.toolchain.versions import GoModule

# Cold on two cores with downloads, the largest module takes a quarter of an hour.
_BUILD_SECONDS = 3600
_QUESTION_SECONDS = 60
_LOCK_POLL_SECONDS = 1.0
# Since this version Go fetches the tool chain that a go.mod asks for by itself.
_OLDEST_GO = (1, 21)
_COMPILER_BYTES = 1536 * 1024 * 1024
_DOWNLOADING = re.compile(r"^go: downloading (\S+)")


def build(module: GoModule, progress: Progress) -> Path:
    """The directory with the module's binaries, built first where it is missing.

    Raises:
        PhaseError: Go is missing or too old, or the build failed or took too long.
    """
    target = directory(module)
    if target.is_dir():
        return target
    with _alone(module, progress):
        if not target.is_dir():
            _build(module, target, progress)
    return target


def directory(module: GoModule) -> Path:
    """Where the binaries of exactly this version, built with exactly these flags, belong.

    Raises:
        PhaseError: Go is missing or too old.
    """
    return cache() / "tools" / module.name / _key(module)


def _key(module: GoModule) -> str:
    parts = [_go_facts(module), module.ldflags, *module.packages]
    digest = hashlib.sha256("\0".join(parts).encode())
    for path in sorted(module.directory.rglob("*")):
        if path.name in {"go.mod", "go.sum"} or path.suffix == ".go":
            digest.update(f"\0{path.relative_to(module.directory)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _go_facts(module: GoModule) -> str:
    """The tool chain and the target, which decide what a build gives. Also the check that Go is there."""
    if shutil.which("go") is None:
        raise PhaseError(
            f"Go is not on PATH, and {', '.join(module.binaries)} must be built with it.",
            f"Install Go {_OLDEST_GO[0]}.{_OLDEST_GO[1]} or newer (https://go.dev/dl) and try again.",
        )
    question = ["go", "env", "GOVERSION", "GOOS", "GOARCH", "CGO_ENABLED"]
    answer = subprocess.run(
        question,
        cwd=module.directory,
        env=module.environment,
        capture_output=True,
        text=True,
        timeout=_QUESTION_SECONDS,
        check=False,
    )
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    if answer.returncode != 0 or found is None or (int(found[1]), int(found[2])) < _OLDEST_GO:
        said = answer.stderr.strip() or answer.stdout.split("\n")[0]
        raise PhaseError(
            f"The Go on PATH cannot build this ({said}).",
            f"Install Go {_OLDEST_GO[0]}.{_OLDEST_GO[1]} or newer and put it first on PATH.",
        )
    return answer.stdout


@contextmanager
def _alone(module: GoModule, progress: Progress) -> Generator[None]:
    """One builder of a module at a time; the kernel frees the lock of a killed one."""
    lock = cache() / "tools" / f"{module.name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        _wait_for(handle, module, progress)
        yield


def _wait_for(handle: IO[str], module: GoModule, progress: Progress) -> None:
    deadline = time.monotonic() + _BUILD_SECONDS
    while time.monotonic() < deadline:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note(f"waiting for another build of {module.name}")
            time.sleep(_LOCK_POLL_SECONDS)
        else:
            return
    raise PhaseError(
        f"Another process has been building {module.name} for {_BUILD_SECONDS // 60} minutes.",
        "End that process, then try again; what it has compiled so far is kept.",
    )


def _build(module: GoModule, target: Path, progress: Progress) -> None:
    log = target.parent / "build.log"
    scratch = target.parent / f"building-{target.name}"
    shutil.rmtree(scratch, ignore_errors=True)  # of an interrupted build; Go's own cache kept its work
    scratch.mkdir(parents=True)
    log.unlink(missing_ok=True)
    progress.log(log)
    deadline = time.monotonic() + _BUILD_SECONDS
    # No -buildvcs: git refuses to tell the revision of a checkout that belongs to somebody else.
    flags = ["-trimpath", "-buildvcs=false", "-ldflags", module.ldflags]
    watcher = _Watcher(_count(module, log, deadline, progress), progress)
    progress.note(f"compiling {', '.join(module.binaries)}")
    argv = ["go", "build", "-v", *flags, "-p", str(_parallel()), "-o", f"{scratch}{os.sep}", *module.packages]
    _go(argv, module, log, deadline, watcher)
    missing = [name for name in module.binaries if not (scratch / name).is_file()]
    if missing:
        raise PhaseError(
            f"go build of {module.name} succeeded without making {', '.join(missing)}.",
            "The packages in local/toolchain/versions.py do not match the module; correct them.",
        )
    scratch.rename(target)


def _count(module: GoModule, log: Path, deadline: float, progress: Progress) -> int:
    """How many packages the build needs; asking for them downloads their modules."""
    progress.note(f"resolving the modules of {module.name}")
    packages: list[str] = []

    def watch(line: str) -> None:
        if found := _DOWNLOADING.match(line):
            progress.note(f"downloading {found[1]}")
        else:
            packages.append(line)

    _go(["go", "list", "-deps", *module.packages], module, log, deadline, watch)
    return len(packages)


class _Watcher:
    """Turns what `go build -v` prints (one line for each package compiled) into a bar."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._done = 0
        self._total = total
        self._progress = progress

    def __call__(self, line: str) -> None:
        if found := _DOWNLOADING.match(line):
            self._progress.note(f"downloading {found[1]}")
            return
        # Packages that Go's cache still holds are not printed; so the bar may end early, never late.
        self._done = min(self._done + 1, self._total)
        self._progress.advance(self._done, self._total, line)


def _go(argv: list[str], module: GoModule, log: Path, deadline: float, watch: Callable[[str], None]) -> None:
    try:
        status = run_logged(
            argv,
            log=log,
            seconds=deadline - time.monotonic(),
            directory=module.directory,
            environment=module.environment,
            watch=watch,
        )
    except CommandTimeoutError:
        raise PhaseError(
            f"Building {module.name} took longer than {_BUILD_SECONDS // 60} minutes.",
            "Run the same command again: it goes on from what has been compiled.",
        ) from None
    if status != 0:
        raise PhaseError(
            f"`{' '.join(argv[:2])}` of {module.name} failed with exit code {status}.",
            f"Read the reason at the end of {log}; the network and free disk space are the usual ones.",
        )


def _parallel() -> int:
    """Compilers at once: one for each core, and no more than fit into memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(os.cpu_count() or 1, memory // _COMPILER_BYTES))
