"""`pulumi destroy`: what stays is what was meant to stay."""

from __future__ import annotations

from local.progress import Progress
from local.rehearsal.stage import Stage, refuted, succeeded

RETAINED = {
    "kms:key": "keys outlive the stack: the final snapshot and the backups could not be read without",
    "rds:automated-backup": "point-in-time recovery of the database, until its retention ends",
    "rds:snapshot": "the final snapshot, which a new stack can start from, and the automated ones",
    "s3:bucket": "the bucket of backups, under Object Lock",
    "secretsmanager:secret": "the server's password and encryption key, for a restored database",
}
"""Kinds of things that a destroy leaves in the account by design, and why."""


def destroy(stage: Stage, progress: Progress) -> str:
    """Everything goes, in one command, but for what is kept on purpose."""
    buckets = {name for name in stage.account.inventory()["s3:bucket"] if "-backup-" not in name}
    outcome = succeeded(stage.workspace.destroy(progress))
    left = {
        kind: [thing for thing in things if thing not in stage.facts["before"].get(kind, [])]
        for kind, things in stage.account.inventory().items()
    }
    left = {kind: things for kind, things in left.items() if things}
    surprises = {kind: things for kind, things in left.items() if kind not in RETAINED}
    if surprises or buckets & set(left.get("s3:bucket", ())):
        raise refuted(f"left in the account without a reason: {surprises or left['s3:bucket']}")
    kept = {kind: len(things) for kind, things in sorted(left.items())}
    stage.facts["retained"] = {kind: [count, RETAINED[kind]] for kind, count in kept.items()}
    said = ", ".join(f"{count} {kind}" for kind, count in kept.items())
    return f"{len(outcome.of('delete'))} deleted; kept by design: {said}"
