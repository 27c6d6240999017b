"""`pulumi destroy`: what stays is what was meant to stay."""

from __future__ import annotations

import fnmatch

from local.progress import Progress
from local.rehearsal.stage import Stage, refuted, succeeded

RETAINED = {
    "kms:key": "keys outlive the stack: the final snapshot could not be read without",
    "rds:snapshot": "the final snapshot, which a new stack can start from",
}
"""Kinds of things that a destroy leaves in the account by design, and why."""


def destroy(stage: Stage, progress: Progress) -> str:
    """Everything goes, in one command, but for what is kept on purpose."""
    outcome = succeeded(stage.workspace.destroy(progress))
    left = stage.account.inventory()
    surprises = {
        kind: things
        for kind, things in left.items()
        if things and not any(fnmatch.fnmatch(kind, pattern) for pattern in RETAINED)
    }
    if surprises:
        raise refuted(f"left in the account without a reason: {surprises}")
    kept = {kind: len(things) for kind, things in left.items() if things}
    stage.facts["retained"] = {kind: [count, RETAINED[kind]] for kind, count in kept.items()}
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(kept.items()))
    return f"{len(outcome.of('delete'))} deleted; kept by design: {said or 'nothing'}"
