"""The policy packs on the stack: before anything exists, and on the state once everything is known."""

from __future__ import annotations

from typing import Any

from local import policing
from local.progress import PhaseError, Progress
from local.rehearsal.stage import Stage, refuted
from policies import configuration

# The stack's provider points to the emulated account, which the packs refuse in production.
_IN_A_REHEARSAL = {"prov-guard": {"allowEmulator": True}}


def run_of(stage: Stage, name: str, *, advice_only: bool = False) -> policing.Run:
    """A run of all packs, with the stack's configuration; its notes stay beside the logs."""
    root = stage.workspace.root / f"policies-{name}"
    changes: dict[str, dict[str, Any]] = {**_IN_A_REHEARSAL}
    if advice_only:
        for rule, entry in configuration.read(stage.profile).items():
            if entry["enforcementLevel"] != "disabled":
                changes[rule] = {**changes.get(rule, {}), "enforcementLevel": "advisory"}
    run = policing.prepare(root, stage.profile, changes)
    stage.policies[name] = run
    return run


def state_is_compliant(stage: Stage, progress: Progress) -> str:
    """`pulumi policy analyze` on the exported state: nothing is unknown there, so every rule decides."""
    run = run_of(stage, "state")
    progress.note("judging the exported state")
    stage.workspace.analyze(run)
    judged = policing.Tally(run.judgements())
    undecided = sorted({one.rule for one in judged.judgements if one.outcome == "undetermined"})
    if undecided:
        raise refuted(f"undetermined although everything is known: {', '.join(undecided)}")
    return judged.sentence()


def all_were_told(run: policing.Run) -> None:
    """Every pack noted something.

    Raises:
        PhaseError: one did not, so it did not run.
    """
    silent = {pack.name for pack in policing.catalogue.packs()} - {one.pack for one in run.judgements()}
    if silent:
        raise PhaseError(f"These packs judged nothing: {', '.join(sorted(silent))}.", "See the log.")
