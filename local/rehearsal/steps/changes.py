"""Day two: settings change one by one, and each changes exactly what it should."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.progress import Progress
from local.rehearsal.outcome import Outcome
from local.rehearsal.stage import Stage, Step, expect, listed

_SHOWN = 4


@dataclass(frozen=True)
class Change:
    """One change of the stack's file, and all that it may do."""

    name: str
    settings: Mapping[str, Any]
    expected: frozenset[str]
    """As `update Instance database`."""
    in_maintenance_window: bool = False
    """AWS carries it out later."""


def step(change: Change) -> Step:
    """Change the settings and bring it about with an up, which must do what was expected and no more."""

    def run(stage: Stage, progress: Progress) -> str:
        stage.workspace.configure(change.settings)
        outcome = expect(stage.workspace.up(progress), set(change.expected))
        if change.in_maintenance_window:
            stage.account.open_maintenance_window()
        return _counted(outcome)

    return Step(change.name, run)


def _counted(outcome: Outcome) -> str:
    if len(outcome.changes) <= _SHOWN:
        return listed(outcome.changes)
    replaced = outcome.of("replace")
    return f"{len(outcome.changes)} changes, replaced: {listed(replaced) or 'nothing'}"
