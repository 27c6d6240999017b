"""A build that is killed, or that finds a damaged store, costs time and nothing else."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.images.build import wrap_binary
from local.images.buildah import Buildah
from local.progress import Quiet


class Recorder(Quiet):
    """Remembers what a phase was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Something to wrap, with a cache of its own."""
    monkeypatch.setenv("ROOST_CACHE", str(tmp_path / "cache"))
    binary = tmp_path / "probe"
    binary.write_bytes(os.urandom(8 * 1024 * 1024))
    yield binary
    Buildah().reset()


def test_a_damaged_store_is_replaced(binary: Path, tmp_path: Path) -> None:
    first = wrap_binary("probe", binary, [], Quiet())
    first.archive.unlink()
    for layer in (tmp_path / "cache/containers/overlay").glob("?" * 64):
        shutil.rmtree(layer)
    recorder = Recorder()
    second = wrap_binary("probe", binary, [], recorder)
    assert second == first
    assert second.archive.exists()
    assert any("damaged" in note for note in recorder.notes)


@pytest.mark.parametrize("delay", [0.1, 0.4, 0.8, 1.2])
def test_a_killed_build_is_done_again(binary: Path, tmp_path: Path, delay: float) -> None:
    child = multiprocessing.get_context("fork").Process(target=_build_in_its_own_group, args=(binary,))
    child.start()
    time.sleep(delay)
    assert child.pid is not None
    _kill_tree(child.pid)
    child.join(10)
    assert _mounted_below(tmp_path) == []
    build = wrap_binary("probe", binary, [], Quiet())
    assert build.archive.stat().st_size > binary.stat().st_size
    left = [
        p.name for p in build.archive.parent.iterdir() if p.name.startswith("work-") or p.suffix == ".partial"
    ]
    assert left == []


def _mounted_below(place: Path) -> list[str]:
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return [line for line in mounts if line.split()[1].startswith(str(place))]


def test_old_archives_are_dropped_and_recent_ones_kept(binary: Path) -> None:
    builds = [wrap_binary("probe", binary, [str(n)], Quiet()) for n in range(5)]
    assert [build.archive.exists() for build in builds] == [False, False, True, True, True]


def _build_in_its_own_group(binary: Path) -> None:
    wrap_binary("probe", binary, [], Quiet())


def _kill_tree(pid: int) -> None:
    """SIGKILL a process and everything that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for child in children.read_text().split() if children.exists() else ():
        _kill_tree(int(child))
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
