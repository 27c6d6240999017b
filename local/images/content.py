"""What goes into a build: the files that git knows or would add, their hash, and a copy of exactly these."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from local.paths import REPO
from local.progress import PhaseError


def list_files(paths: Sequence[str], repo: Path = REPO) -> list[Path]:
    """Files below `paths` (relative to `repo`) that are tracked, or untracked and not ignored; sorted.

    Outside a git checkout (an unpacked archive): all but byte code and hidden files.
    """
    found = _known_to_git(paths, repo) if (repo / ".git").exists() else _on_disk(paths, repo)
    return sorted(path for path in found if (repo / path).is_file())


def _known_to_git(paths: Sequence[str], repo: Path) -> set[Path]:
    answer = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths],
        cwd=repo,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if answer.returncode != 0:
        raise PhaseError(
            f"git could not list the files of {repo}: {answer.stderr.strip()}",
            "Make `git status` work in the checkout: images are built from the files that git sees.",
        )
    return {Path(name) for name in answer.stdout.split("\0") if name}


def _on_disk(paths: Sequence[str], repo: Path) -> set[Path]:
    places = [repo / path for path in paths]
    found = {file.relative_to(repo) for place in places for file in (place, *place.rglob("*"))}
    return {
        path
        for path in found
        if not any(part == "__pycache__" or part.startswith(".") for part in path.parts)
    }


def content_hash(files: Iterable[Path], extra: Iterable[str], repo: Path = REPO) -> str:
    """12 hex digits over names, executable bits and bytes of `files`, and over the strings in `extra`."""
    digest = hashlib.sha256()
    for text in extra:
        digest.update(f"{len(text)}:{text}".encode())
    for path in files:
        content = (repo / path).read_bytes()
        digest.update(f"{path}\0{_mode(repo / path):o}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def stage(files: Iterable[Path], target: Path, repo: Path = REPO) -> None:
    """Copy `files` below `target`, with modes that do not depend on the umask of the checkout."""
    for path in files:
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(repo / path, copy)
        copy.chmod(_mode(repo / path))


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & 0o100 else 0o644
