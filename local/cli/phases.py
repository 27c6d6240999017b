"""Named phases: what is shown, what is said when one fails, and how long each took."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from local.cli import screen, units
from local.cli.memory import PeakMemory
from local.progress import PhaseError

LOG_LINES = 14


@dataclass(frozen=True)
class PhaseTiming:
    """One finished phase; memory is the peak of what the phase's own child processes held together."""

    name: str
    seconds: float
    peak_bytes: int
    outcome: str


class Phase:
    """The Progress of one phase."""

    def __init__(self, view: screen.View, show: screen.Screen) -> None:
        self._view = view
        self._show = show
        self._result: str | None = None
        self.log_path: Path | None = None
        self.worked = False

    def note(self, text: str) -> None:
        self._set(text.strip().splitlines()[0] if text.strip() else "", 0, 0)

    def advance(self, done: int, total: int, text: str = "") -> None:
        self._set(text, done, total)

    def log(self, path: Path) -> None:
        self.log_path = path

    def result(self, text: str) -> None:
        """What the finished line says; without it, a phase that reported nothing had nothing to do."""
        self._result = text
        self.worked = True

    def unchanged(self, text: str) -> None:
        """The phase looked, and there was nothing to do."""
        self._result = text
        self.worked = False

    def summary(self) -> str:
        return self._result if self._result is not None else "done" if self.worked else "nothing to do"

    def _set(self, text: str, done: int, total: int) -> None:
        self.worked = True
        self._view.text, self._view.done, self._view.total = text, done, total
        self._show.changed(self._view)


class PhaseFailedError(Exception):
    """A phase failed and the user has been told everything; the exit code is 1."""


class Run:
    """A sequence of phases on one console."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.timings: list[PhaseTiming] = []
        self._show = screen.make(console)
        self._started = time.monotonic()

    def elapsed(self) -> float:
        return time.monotonic() - self._started

    def say(self, text: str = "", style: str = "") -> None:
        self._show.say(Text(text, style))

    @contextmanager
    def phase(self, name: str) -> Generator[Phase]:
        """Show `name` while the block runs. PhaseError becomes an explanation and `PhaseFailedError`."""
        view = screen.View(name)
        phase = Phase(view, self._show)
        outcome = "failed"
        self._show.begin(view)
        memory = PeakMemory()
        try:
            yield phase
            outcome = "done" if phase.worked else "idle"
            self._show.end(view, outcome, phase.summary())
        except PhaseError as error:
            self._show.end(view, "failed", view.text or "failed")
            self._explain(error, phase.log_path)
            raise PhaseFailedError from error
        except KeyboardInterrupt:
            outcome = "stopped"
            self._show.end(view, outcome, "interrupted")
            raise
        except BaseException:
            self._show.end(view, "failed", view.text or "failed")
            raise
        finally:
            peak = memory.stop()
            self.timings.append(PhaseTiming(name, round(view.elapsed(), 2), peak, outcome))

    def _explain(self, error: PhaseError, log: Path | None) -> None:
        self.say()
        for sentence in error.message.strip().splitlines():
            self.say(sentence, "" if sentence.startswith("→") else "bold red")
        lines = tail(log, LOG_LINES) if log is not None else []
        if lines:
            self.say()
            self.say(f"Last lines of {log}:", "dim")
            for text in lines:
                for part in self._folded(text):
                    self.say(f"│ {part}", "dim")
        self.say()
        self.say(f"→ {error.remedy}")
        self.say(f"  Stopped after {units.duration(self.elapsed())}.", "dim")

    def _folded(self, text: str) -> list[str]:
        """A line of a log cut to the terminal's width, so that its mark stays in front of every part."""
        room = max(20, self.console.width - 6) if self.console.is_terminal else len(text)
        return [text[start : start + room] for start in range(0, len(text), max(1, room))]


def tail(path: Path, count: int) -> list[str]:
    """The last `count` lines that are not blank; an unreadable file has none."""
    try:
        with path.open("rb") as handle:
            handle.seek(max(0, path.stat().st_size - 64 * 1024))
            text = handle.read().decode(errors="replace")
    except OSError:
        return []
    return [entry.rstrip() for entry in text.splitlines() if entry.strip()][-count:]
