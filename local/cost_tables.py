"""The estimate as tables: cost by component, and what a preview would change."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from infra.sizing.cost import Estimate
from infra.sizing.cost_lines import COMPONENTS, Line, by_component, month, most
from infra.sizing.prices import HOURS_PER_MONTH
from local.costing import CENT, Comparison

_CLOSE = 0.8
"""Of the budget."""


def show(console: Console, title: str, found: Comparison | Estimate) -> None:
    """Tables: cost by component, and what a preview would change."""
    after = found.after if isinstance(found, Comparison) else found
    existing = isinstance(found, Comparison) and bool(found.before.lines)
    before = by_component(found.before.lines if isinstance(found, Comparison) else ())
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("component", style="bold")
    columns = ["USD an hour", "USD a month", "of it by use", "at most"]
    for column in [*columns, "change"] if existing else columns:
        table.add_column(column, justify="right")
    groups = by_component(after.lines)
    for component in COMPONENTS:
        if component not in groups and component not in before:
            continue
        change = [_signed(month(groups.get(component, [])) - month(before.get(component, [])))]
        table.add_row(component, *_cells(groups.get(component, [])), *(change if existing else []))
    total = [f"[bold]{cell}[/]" for cell in _cells(after.lines)]
    change = [_signed(month(after.lines) - sum(map(month, before.values())))]
    table.add_row("all", *total, *(change if existing else []))
    console.print(table)
    if isinstance(found, Comparison) and existing:
        for name, operation, dollars in found.changes():
            console.print(f"  {operation} {name}: {_signed(dollars)} a month", highlight=False)
    _explain(console, after)


def _cells(lines: Iterable[Line]) -> list[str]:
    there = list(lines)
    used = month(line for line in there if line.by_use)
    monthly = month(there)
    return [f"{monthly / HOURS_PER_MONTH:.3f}", f"{monthly:.2f}", f"{used:.2f}", f"{most(there):.2f}"]


def _signed(dollars: float) -> str:
    return f"{dollars:+.2f}" if abs(dollars) >= CENT else "0"


def _explain(console: Console, found: Estimate) -> None:
    if found.limit is not None:
        share = found.month / found.limit
        colour = "red" if share > 1 else "yellow" if share > _CLOSE else "green"
        console.print(f"[{colour}]{share:.0%} of the budget of {found.limit:.0f} USD a month[/]")
    for type_ in found.unknown:
        console.print(f"[red]not in the tables: {type_}[/]")
    for sentence in found.unpriced:
        console.print(f"[red]without a price: {sentence}[/]", highlight=False)
    if any(line.estimated for line in found.lines):
        console.print("[yellow]Services are estimated from us-east-1's prices in this region.[/]")
    console.print("List prices without tax and discounts; use is assumed (docs/cost.md).", style="dim")
