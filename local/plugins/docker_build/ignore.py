"""Which files of a build context a `.dockerignore` leaves out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path


class Ignore:
    """The patterns of one file, in their order: the last one that matches decides."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._patterns = [_compiled(line) for line in map(str.strip, lines) if line and line[0] != "#"]
        self.takes_back = any(negated for _, negated in self._patterns)
        """Whether a file may be in although its directory is out."""

    def leaves_out(self, path: str) -> bool:
        """Whether a file or directory (relative, with `/`) is out, by itself or with one above it."""
        parts = path.split("/")
        above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        out = False
        for pattern, negated in self._patterns:
            if any(pattern.fullmatch(each) for each in above):
                out = not negated
        return out


def read(context: Path, dockerfile: Path | None) -> Ignore:
    """The Dockerfile's own `<Dockerfile>.dockerignore` before that of the context; no file, no patterns."""
    own = [dockerfile.with_name(f"{dockerfile.name}.dockerignore")] if dockerfile else []
    for candidate in (*own, context / ".dockerignore"):
        if candidate.is_file():
            return Ignore(candidate.read_text(encoding="utf-8-sig").splitlines())
    return Ignore()


def _compiled(line: str) -> tuple[re.Pattern[str], bool]:
    """Pattern, and whether it takes files back in (`!`)."""
    negated = line.startswith("!")
    glob = posixpath.normpath(line.removeprefix("!").strip()).lstrip("/")
    return re.compile(_regular(glob)), negated


def _regular(glob: str) -> str:
    """As Docker reads it: `*` and `?` stay within a directory, `**` does not."""
    found, at = "", 0
    while at < len(glob):
        if glob.startswith("**/", at):
            found, at = f"{found}(?:.*/)?", at + 3
        elif glob.startswith("**", at):
            found, at = f"{found}.*", at + 2
        elif glob[at] == "[" and (end := glob.find("]", at + 2)) > 0:
            found, at = found + glob[at : end + 1].replace("[!", "[^", 1), end + 1
        elif glob[at] == "\\" and at + 1 < len(glob):
            found, at = found + re.escape(glob[at + 1]), at + 2
        else:
            found, at = found + {"*": "[^/]*", "?": "[^/]"}.get(glob[at], re.escape(glob[at])), at + 1
    return found
