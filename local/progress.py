"""What long steps report to; the terminal rendering lives in `local/cli/`."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Progress(Protocol):
    """The current phase, as the code inside a phase sees it."""

    def note(self, text: str) -> None:
        """Say in one line what is happening now; replaces the previous line."""

    def advance(self, done: int, total: int, text: str = "") -> None:
        """Show a bar: `done` of `total` units, with an optional word on the current one."""

    def log(self, path: Path) -> None:
        """Name the log file whose last lines explain a failure of this phase."""


class PhaseError(Exception):
    """A phase failed in a way that we can explain.

    `remedy` is one sentence that says what to do next; the log lines come from `Progress.log`.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Quiet:
    """A Progress that shows nothing, for tests and for callers that only want the result."""

    def note(self, text: str) -> None: ...
    def advance(self, done: int, total: int, text: str = "") -> None: ...
    def log(self, path: Path) -> None: ...
