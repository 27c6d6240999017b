"""The report of a rehearsal: on the terminal, and as JSON and Markdown beside the logs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

PREVIEW_TARGET_SECONDS = 30
REHEARSAL_TARGET_SECONDS = 600


@dataclass(frozen=True)
class Line:
    """One step: `said` is what it saw, or why it failed."""

    step: str
    seconds: float
    passed: bool
    said: str


@dataclass
class Report:
    """What one rehearsal showed."""

    stack: str
    lines: list[Line] = field(default_factory=list[Line])
    types: dict[str, int] = field(default_factory=dict[str, int])
    """Resources by type, once all were up."""
    calls: dict[str, int] = field(default_factory=dict[str, int])
    """Calls of the emulated account, by operation."""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    plugins: dict[str, str] = field(default_factory=dict[str, str])
    """Where each plugin came from: official, or fallback."""

    @property
    def seconds(self) -> float:
        return round(sum(line.seconds for line in self.lines), 1)

    def write(self, root: Path) -> None:
        """`report.json` and `report.md` in `root`."""
        document = {**asdict(self), "seconds": self.seconds}
        (root / "report.json").write_text(json.dumps(document, indent=2) + "\n")
        (root / "report.md").write_text(self.markdown())

    def markdown(self) -> str:
        """The same for a pull request."""
        rows = [
            f"| {'✓' if line.passed else '✗'} | {line.step} | {line.seconds:.0f} s | {line.said} |"
            for line in self.lines
        ]
        types = [f"| {count} | `{type_}` |" for type_, count in sorted(self.types.items())]
        return "\n".join(
            [
                f"# Rehearsal of {self.stack}",
                "",
                self.summary(),
                "",
                "| | step | took | seen |",
                "|---|---|---|---|",
                *rows,
                "",
                "| count | type |",
                "|---|---|",
                *types,
                "",
            ]
        )

    def summary(self) -> str:
        """Counts and the two figures that have a target."""
        resources = sum(self.types.values())
        preview = self.facts.get("preview_seconds")
        said = [
            f"{resources} resources of {len(self.types)} types",
            f"{sum(self.calls.values())} calls of the emulated account",
            f"{self.seconds:.0f} s in all (target: under {REHEARSAL_TARGET_SECONDS})",
        ]
        if preview is not None:
            said.append(f"a no-change preview takes {preview:.0f} s (target: under {PREVIEW_TARGET_SECONDS})")
        return "; ".join(said) + "."

    def show(self, console: Console) -> None:
        """The table of steps, and the summary below it."""
        table = Table(title=f"Rehearsal of {self.stack}", title_justify="left", box=None, pad_edge=False)
        table.add_column("")
        table.add_column("step", style="bold")
        table.add_column("took", justify="right")
        table.add_column("seen")
        for line in self.lines:
            mark = "[green]✓[/]" if line.passed else "[red]✗[/]"
            table.add_row(mark, line.step, f"{line.seconds:.0f} s", line.said)
        console.print(table)
        console.print(f"\n{self.summary()}")
        for kind, (count, why) in sorted(self.facts.get("retained", {}).items()):
            console.print(f"  kept: {count} {kind}: {why}", emoji=False)
        fallback = sorted(name for name, source in self.plugins.items() if source == "fallback")
        if fallback:
            console.print(f"Roost's fallback plugins stood in for: {', '.join(fallback)}.")
