"""From nothing to a stack that is up, and stays as it is."""

from __future__ import annotations

from collections import Counter

from local.policing import Run
from local.progress import Progress
from local.rehearsal.outcome import Outcome
from local.rehearsal.stage import Stage, listed, refuted, succeeded, unchanged
from local.rehearsal.steps import policies

NOWHERE = "http://127.0.0.1:9"
"""The discard port, where nothing listens: no AWS that answers."""


def preview_from_nothing(stage: Stage, progress: Progress) -> str:
    """The very first preview: no account that answers, no cluster, everything unknown."""
    stage.workspace.configure({"aws.emulator": NOWHERE})
    run = policies.run_of(stage, "preview")
    try:
        outcome = succeeded(stage.workspace.preview(progress, policies=run))
    finally:
        stage.workspace.configure({"aws.emulator": stage.account.url})
    return f"{only_creates(stage, outcome, run)}, with no AWS that answers and no cluster"


def only_creates(stage: Stage, outcome: Outcome, run: Run) -> str:
    """A stack's first preview: how much it would make, which the first up is held to."""
    others = [change for change in outcome.changes if change.operation != "create"]
    if others or outcome.unchanged:
        raise refuted(f"a first preview only creates: {listed(others)}; {outcome.unchanged} unchanged")
    policies.all_were_told(run)
    stage.facts["resources"] = len(outcome.changes)
    return f"{len(outcome.changes)} to create"


def first_up(stage: Stage, progress: Progress) -> str:
    """One `pulumi up`, no targets, no second try."""
    outcome = succeeded(stage.workspace.up(progress, policies=policies.run_of(stage, "up")))
    made = len(outcome.of("create"))
    if made != stage.facts["resources"] or len(outcome.changes) != made:
        raise refuted(f"{stage.facts['resources']} were previewed, {made} created: {listed(outcome.changes)}")
    url = stage.workspace.outputs()["url"]
    stage.facts["up_seconds"] = outcome.seconds
    return f"{made} created; {url}"


def second_up(stage: Stage, progress: Progress) -> str:
    """Nothing changed, so nothing changes: in previews with and without policy packs, and in the update."""
    outcome = unchanged(stage.workspace.preview(progress, "--expect-no-changes"))
    run = policies.run_of(stage, "second preview")
    policed = unchanged(stage.workspace.preview(progress, "--expect-no-changes", policies=run))
    stage.facts["preview_seconds"] = outcome.seconds
    stage.facts["policed_preview_seconds"] = policed.seconds
    unchanged(stage.workspace.up(progress))
    stage.facts["types"] = dict(Counter(entry["type"] for entry in stage.workspace.resources()))
    return (
        f"no change, {outcome.unchanged} resources; a preview takes {outcome.seconds:.0f} s, "
        f"{policed.seconds:.0f} s with the policy packs"
    )


def refresh_finds_no_drift(stage: Stage, progress: Progress) -> str:
    """What AWS and Kubernetes say is what the state says."""
    outcome = unchanged(stage.workspace.refresh(progress))
    return f"no drift in {outcome.unchanged} resources"
