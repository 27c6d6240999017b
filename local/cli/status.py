"""`make status`: one table of everything that runs."""

from __future__ import annotations

import time
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from local import machine
from local.cli import own_cluster, platform, tools, units, workloads
from local.progress import PhaseError


def status(console: Console) -> int:
    """Print the table, and what it runs on."""
    target = platform.target()
    components = machine.status()
    if target is None or (target.embedded and not components):
        console.print("  Nothing runs. `make up` starts it.")
        return 0
    table = _table()
    for part in components:
        table.add_row("machine", part.name, *_cells(part.state, part.restarts, part.since, part.memory_bytes))
    try:
        pods = workloads.pods(target)
    except PhaseError as problem:
        console.print(table)
        console.print(f"\n  {problem.message}\n  {problem.remedy}", style="red", highlight=False)
        return 0
    for pod in pods:
        table.add_row(pod.namespace, pod.name, *_cells(pod.state, pod.restarts, pod.since, pod.memory))
    console.print(table)
    _totals(console, [part.memory_bytes for part in components] + [pod.memory or 0 for pod in pods])
    _facts(console, target)
    return 0


def _table() -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for name in ("WHERE", "WHAT", "STATE"):
        table.add_column(name, no_wrap=True)
    for name in ("RESTARTS", "SINCE", "MEMORY"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _cells(state: str, restarts: int, since: float | None, memory: int | None) -> tuple[str, ...]:
    style = "green" if state == "ready" else "dim" if state == "done" else "yellow"
    return (
        f"[{style}]{state}[/]",
        str(restarts) if restarts else "",
        units.since(time.time() - since) if since else "",
        units.size(memory) if memory else "",
    )


def _totals(console: Console, memory: Iterable[int]) -> None:
    console.print(f"\n  {units.size(sum(memory))} of memory in all", highlight=False)


def _facts(console: Console, target: platform.Target) -> None:
    rows = [("Cluster", f"{target.context}{' (embedded)' if target.embedded else ' (your own)'}")]
    try:
        outputs = tools.stack().outputs()
    except PhaseError as problem:
        outputs = {}
        rows.append(("Stack", problem.message))
    rows += [("URL", outputs["url"]), ("Model", outputs["modelKind"])] if outputs else []
    rows.append(
        ("Edge", "forwarded") if own_cluster.forwarder() else ("Edge", f"127.0.0.1:{platform.HTTPS_PORT}")
    )
    rows.append(("Plugins", tools.plugins_in_use()))
    for name, value in rows:
        console.print(f"  {name:<8} {value}", highlight=False, markup=False)
