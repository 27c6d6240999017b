"""How long past runs of `make up` took, phase by phase."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local import paths
from local.cli import units
from local.cli.phases import PhaseTiming

KEPT_RUNS = 20
FILE = "timings.json"


@dataclass(frozen=True)
class RunTiming:
    """One run; `at` is its end, in UTC."""

    at: str
    seconds: float
    succeeded: bool
    phases: tuple[PhaseTiming, ...]


def path() -> Path:
    return paths.state() / FILE


def load(state: Path | None = None) -> list[RunTiming]:
    """Runs recorded in `state` (default: the state in use), oldest first."""
    try:
        rows = json.loads(((state or paths.state()) / FILE).read_text())
    except FileNotFoundError:
        return []
    return [
        RunTiming(
            row["at"],
            row["seconds"],
            row["succeeded"],
            tuple(PhaseTiming(**phase) for phase in row["phases"]),
        )
        for row in rows
    ]


def record(seconds: float, succeeded: bool, phases: Sequence[PhaseTiming]) -> None:
    """Add a run; the oldest beyond KEPT_RUNS go."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    runs = [*load(), RunTiming(now, round(seconds, 2), succeeded, tuple(phases))][-KEPT_RUNS:]
    paths.private_state()
    scratch = path().with_suffix(".new")
    scratch.write_text(json.dumps([asdict(run) for run in runs], indent=1) + "\n")
    scratch.replace(path())


def show(console: Console, runs: Sequence[RunTiming], title: str) -> None:
    """A table with a column per run."""
    names = list(dict.fromkeys(phase.name for run in runs for phase in run.phases))
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("phase", style="bold")
    for run in runs:
        table.add_column(
            run.at.replace("T", " ")[:16] + ("" if run.succeeded else " (failed)"), justify="right"
        )
    for name in names:
        table.add_row(name, *(_cell(run, name) for run in runs))
    table.add_row("in all", *(units.duration(run.seconds) for run in runs))
    console.print(table)
    console.print("\nwall time, and the peak memory of the processes that the phase started", style="dim")


def _cell(run: RunTiming, name: str) -> str:
    for phase in run.phases:
        if phase.name == name:
            memory = f"  {units.size(phase.peak_bytes)}" if phase.peak_bytes else ""
            return f"{units.duration(phase.seconds)}{memory}"
    return "-"
