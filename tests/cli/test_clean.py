"""`make clean` asks before it loses data, and never removes what is not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import paths
from local.cli import removal
from local.progress import PhaseError


def make_clean(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as make runs it, with nobody at the keyboard."""
    return subprocess.run(
        [sys.executable, "-m", "local.cli", "clean", *arguments],
        cwd=paths.REPO,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def volume(roots: Path) -> Path:
    data = paths.state() / "volumes" / "postgres"
    data.mkdir(parents=True)
    (data / "pages").write_bytes(b"x" * 3 * 1024**2)
    (paths.cache() / "tools").mkdir(parents=True)
    return data


def test_data_is_not_lost_without_confirmation(volume: Path) -> None:
    result = make_clean()
    assert result.returncode == 1
    assert f"the data of postgres: 3 MiB in {volume}" in result.stdout
    assert "make clean YES=1" in result.stderr
    assert (volume / "pages").exists()
    assert paths.cache().exists()


def test_with_confirmation_state_and_caches_go(volume: Path) -> None:
    result = make_clean("--yes")
    assert result.returncode == 0, result.stderr
    assert not paths.state().exists()
    assert not paths.cache().exists()
    assert "3 MiB freed" in result.stdout


def test_caches_alone_are_not_lost_without_confirmation_either(roots: Path) -> None:
    (paths.cache() / "tools").mkdir(parents=True)
    result = make_clean()
    assert result.returncode == 1
    assert f"everything in {paths.cache()}" in result.stdout
    assert paths.cache().exists()


def test_a_directory_that_holds_more_than_ours_is_refused(roots: Path) -> None:
    for path in (Path.home(), Path("/"), paths.REPO.parent):
        with pytest.raises(PhaseError, match="will not be removed"):
            removal.remove(path)


def test_a_cache_that_another_program_runs_from_is_refused(roots: Path) -> None:
    program = paths.cache() / "tools" / "sleeper"
    program.parent.mkdir(parents=True)
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as running:
        try:
            result = make_clean("--yes")
        finally:
            running.kill()
    assert result.returncode == 1
    assert f"sleeper (process {running.pid})" in " ".join(result.stdout.split())
    assert program.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_what_is_mounted_below_is_not_reached_into(roots: Path) -> None:
    elsewhere = roots / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    place = paths.cache() / "containers" / "merged"
    place.mkdir(parents=True)
    subprocess.run(["mount", "--bind", elsewhere, place], check=True)
    with (place / "precious").open():
        with pytest.raises(PhaseError, match="busy"):
            removal.remove(paths.cache())
    assert (elsewhere / "precious").exists()
    removal.remove(paths.cache())
    assert (elsewhere / "precious").exists()
    assert not paths.cache().exists()
