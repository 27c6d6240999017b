"""The files of the repository: what is tracked, and what is about to be."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path, PurePosixPath

REPO = Path(__file__).resolve().parents[2]


@cache
def repository_files() -> tuple[PurePosixPath, ...]:
    """Relative paths of all files that git tracks, or would if it were told to add everything."""
    listing = subprocess.run(
        ["git", "-C", str(REPO), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout
    paths = sorted({PurePosixPath(name) for name in listing.split("\0") if name})
    return tuple(path for path in paths if (REPO / path).is_file())


def python_files() -> list[PurePosixPath]:
    """Those with Python in them."""
    return [path for path in repository_files() if path.suffix == ".py"]
