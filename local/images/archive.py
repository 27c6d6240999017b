"""Archives of images in the cache: made once, whole or not at all, by one process at a time."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.images.buildah import Buildah
from local.images.specs import REGISTRY
from local.paths import cache
from local.progress import PhaseError, Progress

_LOCK_SECONDS = 1800
_KEPT_ARCHIVES = 3


@dataclass(frozen=True)
class ImageBuild:
    """An image by its content-derived reference, and the docker archive that holds it."""

    ref: str
    archive: Path


def archived(
    name: str, ref: str, build: Callable[[Buildah, Path, Path], None], progress: Progress
) -> ImageBuild:
    """The archive of `ref`, made under the lock when it is not there yet.

    `build` gets buildah, an empty directory to work in and the log file, and leaves `ref` in buildah's store.
    """
    directory = cache() / "images"
    archive = directory / f"{name}-{ref.rsplit(':', 1)[1]}.tar"
    if archive.exists():
        return ImageBuild(ref, archive)
    log = directory / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    progress.log(log)
    with one_builder(progress):
        if not archive.exists():
            _sweep(directory)
            log.unlink(missing_ok=True)
            buildah = Buildah()

            def attempt() -> None:
                buildah.drop_leftovers(log)
                with work_directory() as work:
                    build(buildah, work, log)
                progress.note(f"writing {archive.name}")
                buildah.export(ref, archive, log)

            _heal_once(attempt, buildah, log, progress)
            _drop_old(name, archive, buildah)
    return ImageBuild(ref, archive)


def _heal_once(attempt: Callable[[], None], buildah: Buildah, log: Path, progress: Progress) -> None:
    """Do it; once more in a fresh store when a killed build has left this one damaged."""
    try:
        attempt()
    except PhaseError:
        if not buildah.is_damaged(log):
            raise
        progress.note("the store of images is damaged; starting with an empty one")
        buildah.reset()
        attempt()


def _sweep(directory: Path) -> None:
    """Remove what killed builds have left; nobody else builds while we hold the lock."""
    for left in directory.glob("work-*"):
        shutil.rmtree(left)
    for left in directory.glob("*.partial"):
        left.unlink()


def _drop_old(name: str, newest: Path, buildah: Buildah) -> None:
    """Keep a few archives of each image, so that going back and forth between branches builds nothing."""
    archives = sorted(
        (p for p in newest.parent.glob(f"{name}-*.tar") if p != newest),
        key=lambda p: p.stat().st_mtime,
        reverse=True,
    )
    for old in archives[_KEPT_ARCHIVES - 1 :]:
        buildah.forget(f"{REGISTRY}/{name}:{old.stem.rpartition('-')[2]}")
        old.unlink()


@contextmanager
def work_directory() -> Generator[Path]:
    """A directory on the cache's own file system that is removed in the end."""
    parent = cache() / "images"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix="work-") as name:
        yield Path(name)


@contextmanager
def one_builder(progress: Progress) -> Generator[None]:
    """One build at a time per cache, also between processes; the lock goes with the process that holds it."""
    with (cache() / "images" / ".lock").open("w") as lock:
        deadline = time.monotonic() + _LOCK_SECONDS
        while not _try_lock(lock.fileno()):
            if time.monotonic() > deadline:
                raise PhaseError(
                    f"Another process has been building images for {_LOCK_SECONDS // 60} minutes.",
                    f"Find it with `fuser {lock.name}` and end it, then run this again.",
                )
            progress.note("waiting for another build of images")
            time.sleep(0.5)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
