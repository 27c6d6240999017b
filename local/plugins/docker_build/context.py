"""The hash of a build context: it changes when a build could come out differently."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.plugins.docker_build import ignore
from local.plugins.docker_build.ignore import Ignore


def is_remote(location: str) -> bool:
    """Whether a context is not on this machine: a URL, a git repository, an image, or standard input."""
    return "://" in location or location.startswith("git@") or location == "-"


def context_hash(context: str, dockerfile: Path | None, named: Mapping[str, str]) -> str:
    """SHA-256 (hex) of the Dockerfile and of every file that a build could see.

    Of a context elsewhere only its location counts, as for the official plugin.
    """
    digest = hashlib.sha256()
    for name, content in _parts(context, dockerfile, named):
        # With lengths, so that no two lists of files hash alike.
        for part in (os.fsencode(name), content):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _parts(context: str, dockerfile: Path | None, named: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    if dockerfile:
        yield "dockerfile", dockerfile.read_bytes()
    for name, location, own in (("", context, dockerfile), *((n, named[n], None) for n in sorted(named))):
        yield "context", f"{name}={location if is_remote(location) else ''}".encode()
        if not is_remote(location):
            root = Path(location)
            for path in _files(root, ignore.read(root, own)):
                yield path, _what(root / path)


def _files(root: Path, ignored: Ignore) -> Iterator[str]:
    """The relative paths of all files that are not left out, in a fixed order."""
    for folder, folders, files in os.walk(root):
        inside = Path(folder).relative_to(root)
        paths = {name: (inside / name).as_posix() for name in (*folders, *files)}
        out = {name for name, path in paths.items() if ignored.leaves_out(path)}
        # os.walk counts a link to a directory as a directory and does not follow it.
        links = {name for name in folders if (root / paths[name]).is_symlink()}
        folders[:] = sorted(set(folders) - links - (set[str]() if ignored.takes_back else out))
        for name in sorted((set(files) | links) - out):
            yield paths[name]


def _what(path: Path) -> bytes:
    """Kind, executable bit and content; of a link where it points to."""
    if path.is_symlink():
        return b"link " + os.fsencode(path.readlink())
    if not path.is_file():
        return b"special"
    executable = path.stat().st_mode & 0o111 != 0
    return (b"program " if executable else b"file ") + path.read_bytes()
