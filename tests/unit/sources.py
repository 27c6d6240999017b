"""The files of the repository: what is tracked, and what is about to be."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

REPO = Path(__file__).resolve().parents[2]


def texts() -> Iterator[tuple[PurePosixPath, str]]:
    """Relative path and content of every text file."""
    for path in _files():
        try:
            content = (REPO / path).read_bytes()
        except FileNotFoundError:  # another test's scratch file, gone since git listed it
            continue
        if b"\0" not in content[:8192]:
            yield path, content.decode(errors="replace")


def python_sources() -> Iterator[tuple[PurePosixPath, str]]:
    """Those with Python in them."""
    return ((path, text) for path, text in texts() if path.suffix == ".py")


@cache
def _files() -> tuple[PurePosixPath, ...]:
    """All files that git tracks, or would if it were told to add everything."""
    listing = subprocess.run(
        ["git", "-C", str(REPO), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout
    paths = sorted({PurePosixPath(name) for name in listing.split("\0") if name})
    return tuple(path for path in paths if (REPO / path).is_file() and not (REPO / path).is_symlink())
