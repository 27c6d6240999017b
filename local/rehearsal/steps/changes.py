"""Day two: settings change one by one, and each changes what it should, in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.progress import Progress
from local.rehearsal.outcome import Outcome
from local.rehearsal.stage import Stage, Step, expect, listed


@dataclass(frozen=True)
class Change:
    """One change of the stack's file, and exactly what it may do."""

    name: str
    settings: Mapping[str, Any]
    expected: frozenset[str]


def step(change: Change) -> Step:
    """Change the settings, see the expected diff in a preview, and bring it about with an up."""

    def run(stage: Stage, progress: Progress) -> str:
        stage.workspace.configure(change.settings)
        expect(stage.workspace.preview(progress), set(change.expected))
        outcome = expect(stage.workspace.up(progress), set(change.expected))
        return _counted(outcome)

    return Step(change.name, run)


def _counted(outcome: Outcome) -> str:
    replaced = outcome.of("replace")
    said = listed(outcome.changes) if len(outcome.changes) <= 4 else f"{len(outcome.changes)} changes"
    return said + (f"; replaced: {listed(replaced)}" if replaced and len(outcome.changes) > 4 else "")
