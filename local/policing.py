"""The policy packs from outside: how pulumi is told to run them, and what they did in a run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local import paths
from policies import catalogue, configuration
from policies.lib.ledger import DIRECTORY

OUTCOMES = ("passed", "violated", "undetermined", "exempted")


@dataclass(frozen=True)
class Judgement:
    """What one rule found about one resource."""

    pack: str
    rule: str
    urn: str
    outcome: str


@dataclass(frozen=True)
class Run:
    """One run of all packs: where they find their configuration, and where they note what they did."""

    configuration: Path
    notes: Path
    """An empty directory."""

    @property
    def flags(self) -> tuple[str, ...]:
        """For `pulumi preview`, `up` and `policy analyze`."""
        return tuple(
            flag
            for pack in catalogue.packs()
            for flag in (
                "--policy-pack",
                str(paths.REPO / "policies" / pack.name),
                "--policy-pack-config",
                str(self.configuration),
            )
        )

    @property
    def variables(self) -> dict[str, str]:
        """For pulumi's environment."""
        return {DIRECTORY: str(self.notes)}

    def judgements(self) -> list[Judgement]:
        """The last word of every rule on every resource."""
        found: dict[tuple[str, str], Judgement] = {}
        for file in sorted(self.notes.glob("*.jsonl")):
            for line in file.read_text().splitlines():
                entry = json.loads(line)
                found[entry["rule"], entry["urn"]] = Judgement(file.stem, **entry)
        return list(found.values())


def prepare(root: Path, environment: str, changes: Mapping[str, Mapping[str, Any]] | None = None) -> Run:
    """A run in `root`, which is made, with an environment's configuration and `changes` to it by rule."""
    notes = root / "notes"
    notes.mkdir(parents=True)
    given = configuration.read(environment)
    for rule, settings in (changes or {}).items():
        given[rule] = {**given.get(rule, {}), **settings}
    file = root / "configuration.json"
    file.write_text(json.dumps(given, indent=2) + "\n")
    return Run(file, notes)


@dataclass
class Tally:
    """Judgements counted, by pack and outcome."""

    judgements: list[Judgement] = field(default_factory=list[Judgement])

    def count(self, pack: str, outcome: str) -> int:
        return sum(one.pack == pack and one.outcome == outcome for one in self.judgements)

    def sentence(self) -> str:
        """`1204 judgements: 1170 passed, 30 undetermined, 4 exempted`."""
        counts = Counter(one.outcome for one in self.judgements)
        said = ", ".join(f"{counts[one]} {one}" for one in OUTCOMES if counts[one])
        return f"{len(self.judgements)} judgements: {said or 'none'}"


def show(console: Console, runs: Mapping[str, Run], title: str) -> None:
    """One table: for every pack how much was evaluated, violated, undetermined and exempted in each run."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("pack", style="bold")
    table.add_column("rules", justify="right")
    for run in runs:
        for outcome in ("evaluated", *OUTCOMES[1:]):
            table.add_column(f"{run}\n{outcome}", justify="right")
    tallies = {name: Tally(run.judgements()) for name, run in runs.items()}
    for pack in catalogue.packs():
        cells = [_cells(tally, pack.name) for tally in tallies.values()]
        table.add_row(pack.name, str(len(pack.rules)), *(cell for row in cells for cell in row))
    console.print(table)
    for name, tally in tallies.items():
        _explain(console, name, tally.judgements)


def _cells(tally: Tally, pack: str) -> list[str]:
    evaluated = sum(one.pack == pack for one in tally.judgements)
    colours = {"violated": "red", "undetermined": "yellow", "exempted": "cyan"}
    counts = [(outcome, tally.count(pack, outcome)) for outcome in OUTCOMES[1:]]
    return [str(evaluated), *(f"[{colours[o]}]{n}[/]" if n else "0" for o, n in counts)]


def _explain(console: Console, run: str, judgements: Iterable[Judgement]) -> None:
    """Which rules did not simply pass, with how many resources; violations by name."""
    for outcome in OUTCOMES[1:]:
        by_rule = Counter(one.rule for one in judgements if one.outcome == outcome)
        if by_rule:
            said = ", ".join(f"{rule} ({count})" for rule, count in sorted(by_rule.items()))
            console.print(f"{run}, {outcome}: {said}", highlight=False)
    for one in judgements:
        if one.outcome == "violated":
            console.print(f"  {one.rule}: {one.urn.rpartition('$')[2]}", highlight=False)
