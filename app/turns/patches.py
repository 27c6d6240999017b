"""A unified diff applied to the text of a memory block; line numbers in it are ignored."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.turns.calls import ToolError

HEADERS = ("--- ", "+++ ", "*** Begin Patch", "*** End Patch", "*** Update Block:")


@dataclass
class _Hunk:
    """Lines that must be there, and lines to put in their place."""

    old: list[str] = field(default_factory=list[str])
    new: list[str] = field(default_factory=list[str])

    @property
    def changes(self) -> bool:
        return self.old != self.new


def apply(value: str, patch: str) -> str:
    """The patched text. Raises ToolError when a hunk does not fit in exactly one place."""
    hunks = [hunk for hunk in _hunks(patch) if hunk.changes]
    if not hunks:
        raise ToolError("The patch changes nothing; start removed lines with - and added lines with +.")
    lines = value.split("\n") if value else []
    for hunk in hunks:
        position = _place(lines, hunk)
        lines[position : position + len(hunk.old)] = hunk.new
    return "\n".join(lines)


def _hunks(patch: str) -> list[_Hunk]:
    hunks = [_Hunk()]
    for line in patch.strip("\n").split("\n"):
        if line.startswith("@@"):
            hunks.append(_Hunk())
        elif line.startswith(HEADERS) and not hunks[-1].old and not hunks[-1].new:
            continue
        elif line.startswith("*** End Patch"):
            break
        elif line.startswith("+"):
            hunks[-1].new.append(line[1:])
        elif line.startswith("-"):
            hunks[-1].old.append(line[1:])
        elif line.startswith(" ") or not line:
            hunks[-1].old.append(line[1:])
            hunks[-1].new.append(line[1:])
        else:
            raise ToolError(
                f"The line {line!r} of the patch must start with a space (kept), - (removed), + (added)"
                " or @@."
            )
    return hunks


def _place(lines: list[str], hunk: _Hunk) -> int:
    """Where the hunk's old lines are; an addition without context goes to the end."""
    if not hunk.old:
        return len(lines)
    size = len(hunk.old)
    found = [n for n in range(len(lines) - size + 1) if lines[n : n + size] == hunk.old]
    if len(found) != 1:
        shown = "\n".join(hunk.old)
        raise ToolError(
            f"These lines of the patch are in the memory block {len(found)} times; they must be there"
            f" exactly once, so give more lines around the change:\n{shown}"
        )
    return found[0]
