"""`make bench-up`: how long a cold and a second `make up` take, with caches and state of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from local import machine, paths
from local.cli import removal, timings, units
from local.cli.units import GIB
from local.progress import PhaseError

COLD_TARGET_SECONDS = 30 * 60
SECOND_TARGET_SECONDS = 60
COLD_UP_LIMIT_SECONDS = 3600
ROOM = 20 * GIB


def bench_up(console: Console, *, confirmed: bool) -> int:
    """Run `make up` twice in empty directories; 0 when both kept within their targets.

    When one fails the directories stay, for the sake of the logs in them.
    Debian packages that are installed already stay installed, so the Packages phase is only cold on a bare
    machine. Raises PhaseError when the stack runs (one fits on a host) or nobody confirmed.
    """
    if machine.status():
        raise PhaseError("The stack is running, and a host has room for one.", "`make down`, then again.")
    place = paths.cache().parent / "roost-bench"
    _confirm(console, place, confirmed=confirmed)
    environment = _cold(place)
    finished = False
    try:
        # Not a second time after a failure, which would write over the logs of it.
        finished = all(_make(console, title, environment, "up") == 0 for title in ("cold", "second"))
    finally:
        _make(console, "taking it down", environment, "down")
        if not finished:
            console.print(f"\n  `make up` did not finish. What it left is kept: {place / 'state' / 'logs'}")
    if not finished:
        return 1
    runs = _runs(environment)
    removal.remove(place)
    console.print()
    timings.show(console, runs, "cold, and a second time")
    return 0 if _judge(console, runs) else 1


def _confirm(console: Console, place: Path, *, confirmed: bool) -> None:
    console.print(
        f"  Builds everything from nothing in {place} (up to half an hour, {units.size(ROOM)} of disk)."
    )
    if not confirmed and not (
        sys.stdin.isatty() and console.input("  Go on? [y/N] ").strip().lower() in ("y", "yes")
    ):
        raise PhaseError("Nothing was started.", "`make bench-up YES=1` does not ask.")
    if place.exists():
        removal.remove(place)


def _cold(place: Path) -> dict[str, str]:
    """An environment in which no cache of ours, of pip or of Go holds anything."""
    return {
        **os.environ,
        "ROOST_CACHE": str(place / "cache"),
        "ROOST_STATE": str(place / "state"),
        "PIP_CACHE_DIR": str(place / "pip"),
        "GOCACHE": str(place / "go-build"),
        "GOMODCACHE": str(place / "go-modules"),
        "GOFLAGS": f"{os.environ.get('GOFLAGS', '')} -modcacherw".strip(),
    }


def _make(console: Console, title: str, environment: dict[str, str], command: str) -> int:
    console.print(f"\n  [bold]{title}[/]")
    argv = [sys.executable, str(paths.REPO / "local" / "bootstrap.py"), command]
    return subprocess.run(
        argv, cwd=paths.REPO, env=environment, check=False, timeout=COLD_UP_LIMIT_SECONDS
    ).returncode


def _runs(environment: dict[str, str]) -> list[timings.RunTiming]:
    return timings.load(Path(environment["ROOST_STATE"]))


def _judge(console: Console, runs: list[timings.RunTiming]) -> bool:
    kept = True
    for name, run, target in zip(
        ("cold", "second"), runs, (COLD_TARGET_SECONDS, SECOND_TARGET_SECONDS), strict=True
    ):
        good = run.seconds <= target
        kept = kept and good
        mark = "[green]✓[/]" if good else "[red]✗[/]"
        console.print(f"  {mark} {name:<7} {units.duration(run.seconds)} (target: {units.duration(target)})")
    return kept
