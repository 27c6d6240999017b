"""Every run of `make up` leaves its timings."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from local.cli import timings, up
from local.cli.phases import PhaseTiming, Run

PHASES = [PhaseTiming("Tools", 843.2, 900 * 1024**2, "done"), PhaseTiming("Stack", 20.5, 0, "idle")]


def test_runs_are_kept_oldest_first_and_only_so_many(roots: Path) -> None:
    assert timings.load() == []
    for number in range(timings.KEPT_RUNS + 3):
        timings.record(number, succeeded=True, phases=PHASES)
    kept = timings.load()
    assert [run.seconds for run in kept] == list(range(3, timings.KEPT_RUNS + 3))
    assert kept[-1].phases == tuple(PHASES)


def test_the_table_says_time_and_memory_of_each_phase(roots: Path) -> None:
    timings.record(863.7, succeeded=True, phases=PHASES)
    timings.record(12, succeeded=False, phases=PHASES[1:])
    out = io.StringIO()
    timings.show(Console(file=out, width=120), timings.load(), "runs")
    said = out.getvalue()
    assert "14 min 03 s  900 MiB" in said
    assert "in all" in said
    assert "(failed)" in said


def test_the_virtual_environment_counts_as_a_phase(roots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made before the CLI can run, but the user waits for it all the same."""
    monkeypatch.setenv("ROOST_BOOTSTRAP_SECONDS", "95.2")

    def refuse(run: Run, context: str | None) -> None:
        with run.phase("Check") as phase:
            phase.result("good")

    monkeypatch.setattr(up, "_phases", refuse)
    assert up.up(Console(file=io.StringIO()), None) == 0
    (run,) = timings.load()
    assert [phase.name for phase in run.phases] == ["Python", "Check"]
    assert run.seconds > 95
