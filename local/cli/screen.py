"""Two ways to show phases: one live line on a terminal, a line per event everywhere else."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.padding import Padding
from rich.text import Text

from local.cli import units

NAME_WIDTH = 10
LINE_WIDTH = 92
BAR_WIDTH = 22
FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
MARKS = {
    "done": ("✓", "green"),
    "idle": ("·", "dim"),
    "failed": ("✗", "bold red"),
    "stopped": ("■", "yellow"),
}


class View:
    """What can be shown of a running phase; written by the phase, read by the screen's thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = ""
        self.done = 0
        self.total = 0
        self.started = time.monotonic()

    def elapsed(self) -> float:
        return time.monotonic() - self.started


class Screen(Protocol):
    """Shows one phase at a time."""

    def begin(self, view: View) -> None: ...
    def changed(self, view: View) -> None: ...
    def end(self, view: View, outcome: str, text: str) -> None: ...
    def say(self, text: Text) -> None: ...


def make(console: Console) -> Screen:
    """Live on a terminal that can move its cursor; plain in CI, in a pipe, and on a dumb terminal."""
    return (
        LiveScreen(console) if console.is_terminal and not console.is_dumb_terminal else PlainScreen(console)
    )


def line(mark: tuple[str, str], name: str, middle: Text, elapsed: str, width: int) -> Text:
    """One aligned line: mark, name, text, and the time flush right."""
    room = width - NAME_WIDTH - 5 - len(elapsed) - 2
    middle = middle.copy()
    middle.truncate(max(room, 8), overflow="ellipsis", pad=True)
    return Text.assemble("  ", mark, " ", (f"{name:<{NAME_WIDTH}} ", "bold"), middle, "  ", (elapsed, "dim"))


def fit(console_width: int) -> int:
    return min(console_width - 1, LINE_WIDTH)


class LiveScreen:
    """The running phase is one line, redrawn in place; finished phases scroll up above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    def begin(self, view: View) -> None:
        self._live = Live(_Running(view), console=self._console, refresh_per_second=10, transient=True)
        self._live.start()

    def changed(self, view: View) -> None:
        """Nothing to do: the next refresh reads the view."""

    def end(self, view: View, outcome: str, text: str) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        seconds = view.elapsed()
        elapsed = "" if outcome == "idle" and seconds < 1 else units.duration(seconds)
        style = "dim" if outcome == "idle" else ""
        shown = line(MARKS[outcome], view.name, Text(text, style), elapsed, fit(self._console.width))
        self._console.print(shown, no_wrap=True, crop=True)

    def say(self, text: Text) -> None:
        self._console.print(Padding(text, (0, 0, 0, 2)))


class _Running:
    """The live line: a bar where the length is known, else the last note behind a spinner."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        view = self._view
        elapsed = view.elapsed()
        frame = FRAMES[int(elapsed * 10) % len(FRAMES)]
        middle = Text(view.text) if view.total <= 0 else _bar(view.done, view.total, view.text)
        yield line((frame, "cyan"), view.name, middle, units.duration(int(elapsed)), fit(console.width))


def _bar(done: int, total: int, text: str) -> Text:
    full = min(BAR_WIDTH, BAR_WIDTH * done // total)
    digits = len(str(total))
    return Text.assemble(
        ("━" * full, "cyan"), ("━" * (BAR_WIDTH - full), "bright_black"), f" {done:>{digits}}/{total}  ", text
    )


class PlainScreen:
    """A line when a phase starts and ends, when its note changes (not too often), and as a sign of life."""

    QUIET_SECONDS = 3.0
    HEARTBEAT_SECONDS = 30.0

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._last_line = 0.0
        self._last_text = ""
        self._view: View | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def begin(self, view: View) -> None:
        self._view = view
        self._last_text, self._last_line = "", 0.0
        self._stop = threading.Event()
        threading.Thread(target=self._heartbeat, args=(self._stop,), daemon=True).start()

    def changed(self, view: View) -> None:
        text = _plain(view)
        if text != self._last_text and time.monotonic() - self._last_line >= self.QUIET_SECONDS:
            self._emit(view.name, text)

    def end(self, view: View, outcome: str, text: str) -> None:
        self._stop.set()
        self._view = None
        seconds = view.elapsed()
        took = "" if outcome == "idle" and seconds < 1 else f" ({units.duration(seconds)})"
        self._emit(view.name, f"{MARKS[outcome][0]} {text}{took}")

    def say(self, text: Text) -> None:
        self._print(f"  {text.plain}".rstrip())

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, highlight=False, markup=False)

    def _emit(self, name: str, text: str) -> None:
        with self._lock:
            self._last_line, self._last_text = time.monotonic(), text
            clock = units.duration(int(self._last_line - self._started))
            self._print(f"[{clock:>12}] {name:<{NAME_WIDTH}} {text}".rstrip())

    def _heartbeat(self, stop: threading.Event) -> None:
        while not stop.wait(1.0):
            view = self._view
            if (
                view is not None
                and time.monotonic() - max(self._last_line, view.started) > self.HEARTBEAT_SECONDS
            ):
                self._emit(
                    view.name, f"{_plain(view) or 'working'} (for {units.duration(int(view.elapsed()))})"
                )


def _plain(view: View) -> str:
    return f"{view.done}/{view.total} {view.text}" if view.total > 0 else view.text
