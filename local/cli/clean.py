"""`make down` and `make clean`: stop, and remove what `make up` left on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from local import machine, paths
from local.cli import lock, own_cluster, platform, removal, units
from local.cli.phases import Run
from local.images.buildah import Buildah
from local.progress import PhaseError

WORD = "delete"


def down(console: Console) -> int:
    """Stop everything that `make up` started; data, images and tools stay."""
    run = Run(console)
    with lock.exclusive("down"):
        stop(run)
    run.say()
    run.say(f"Data stays in {paths.state()}; `make up` continues with it, `make clean` removes it.", "dim")
    return 0


def stop(run: Run) -> None:
    """The cluster, or what publishes the edge of a cluster that is not ours."""
    target = platform.target()
    if target is not None and not target.embedded:
        with run.phase("Edge") as phase:
            if own_cluster.withdraw():
                phase.result("no longer published")
        run.say(f"The stack itself goes on running in {target.context!r}.", "dim")
    with run.phase("Cluster") as phase:
        if machine.stop(phase):
            phase.result("stopped; no process, mount, device or rule is left")
        else:
            phase.unchanged("was not running")


def clean(console: Console, *, confirmed: bool) -> int:
    """Stop, then remove state and caches, after asking.

    Raises:
        PhaseError: nobody confirmed, or a directory is not ours to remove.
    """
    doomed = [path for path in (paths.state(), paths.cache()) if path.exists()]
    for path in doomed:
        removal.refuse_if_precious(path)
    if not doomed:
        console.print("  Nothing to remove.")
        return 0
    if not confirmed:
        _confirm(console, doomed)
    run = Run(console)
    with lock.exclusive("clean"):
        stop(run)
        with run.phase("Clean") as phase:
            Buildah().reset()  # it keeps a part of its store outside of the cache
            freed = 0
            for path in doomed:  # the cache last: this very program runs from it
                phase.note(f"removing {path}")
                freed += removal.remove(path)
            phase.result(f"{units.size(freed)} freed")
    return 0


def data_at_risk() -> list[tuple[Path, int]]:
    """Volumes that hold something, with their size in bytes."""
    volumes = paths.state() / "volumes"
    found = (
        [(path, removal.disk_usage(path)) for path in sorted(volumes.iterdir())] if volumes.is_dir() else []
    )
    return [(path, size) for path, size in found if size]


def _confirm(console: Console, doomed: list[Path]) -> None:
    """Say what would be lost, and take nothing but the word for an answer."""
    losses = [f"the data of {path.name}: {units.size(size)} in {path}" for path, size in data_at_risk()]
    target = platform.target()
    if target is not None and not target.embedded:
        losses.append(f"the state of the stack in {target.context!r}, which goes on running without it")
        losses.append('(to end it first: eval "$(make -s env)"; pulumi destroy -s local)')
    console.print("  This cannot be undone. It removes:", style="bold", highlight=False)
    for text in [*losses, *(f"everything in {path}" for path in doomed)]:
        console.print(f"    {text}", highlight=False, markup=False, soft_wrap=True)
    if not sys.stdin.isatty():
        raise PhaseError("Nobody is there to confirm.", "`make clean YES=1` removes it without asking.")
    if console.input(f"  Type [bold]{WORD}[/] to go on: ").strip() != WORD:
        raise PhaseError("Nothing was removed.", "`make down` stops the stack and keeps its data.")
