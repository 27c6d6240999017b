"""`make bench-peer` and `make bench-curves`: how fast the server is, in tables and plots."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rich.console import Console

from local import paths
from local.bench import compare, curves, environments, report
from local.cli import stopping
from local.cli.phases import Phase, Run
from local.progress import PhaseError

PLOTS = paths.REPO / "local" / "bench" / "plots.py"
PLOTS_LOCK = PLOTS.with_suffix(".lock")
PLOT_SECONDS = 300


def bench_peer(console: Console, *, quick: bool) -> int:
    """Measure beside the peer; 0 when every target was reached. `quick` is for a look, not for a verdict."""
    run = Run(console)
    directory = _directory()
    with stopping.orderly(), run.phase("Measure") as phase:
        both = compare.measure(phase, quick=quick)
        phase.result("done")
    table, good = report.compared(both)
    samples = report.save(both, table, directory)
    with run.phase("Plots") as phase:
        _plot(phase, samples, directory)
    console.print(f"\n{table}\n", markup=False, soft_wrap=True)
    console.print(f"  In {directory}: peer.md, peer.json and a plot for each workload.")
    if quick:
        console.print("  This was quick: the peer answered a few requests of each kind, which proves little.")
    return 0 if good or quick else 1


def bench_curves(console: Console, wish: curves.Wish) -> int:
    """Measure how costs grow with history, archive, workers and time; 0 when what must stay flat does."""
    run = Run(console)
    directory = _directory()
    with stopping.orderly(), run.phase("Curves") as phase:
        found = curves.measure(phase, wish)
        phase.result("done")
    table, good = curves.table(found)
    source = curves.save(found, table, directory)
    with run.phase("Plots") as phase:
        _plot(phase, source, directory, "--curves")
    console.print(f"\n{table}\n", markup=False, soft_wrap=True)
    console.print(f"  In {directory}: curves.md, curves.json and a plot of each curve.")
    return 0 if good or wish.quick else 1


def _directory() -> Path:
    directory = paths.private_state() / "bench"
    directory.mkdir(exist_ok=True)
    return directory


def _plot(phase: Phase, source: Path, directory: Path, *options: str) -> None:
    interpreter = environments.python("plots", PLOTS_LOCK, phase)
    phase.note("drawing")
    done = subprocess.run(
        [str(interpreter), str(PLOTS), *options, str(source), str(directory)],
        env={"MPLCONFIGDIR": str(paths.cache() / "plots")}, timeout=PLOT_SECONDS,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise PhaseError(f"The plots cannot be drawn:\n{done.stderr[-2000:]}", "The numbers are saved.")
    phase.result(str(directory))
