"""The region is lost: a second stack elsewhere, from a copy of the first one's data."""

from __future__ import annotations

from local.progress import Progress
from local.rehearsal.stage import Stage, refuted, succeeded, unchanged

SNAPSHOT = "rehearsed-disaster"


def second_region(stage: Stage, progress: Progress) -> str:
    """A snapshot, copied to the DR region, and a stack that starts from it."""
    rebuild = stage.rebuild
    assert rebuild is not None
    first = stage.workspace.resource("aws:rds/instance:Instance", "database")["outputs"]
    region = str(stage.workspace.setting("aws.drRegion"))
    monitor = stage.workspace.resource("aws:costexplorer/anomalyMonitor:AnomalyMonitor", "budget")["id"]
    progress.note("copying a snapshot to the other region")
    source = stage.client("rds").create_db_snapshot(
        DBInstanceIdentifier=first["identifier"], DBSnapshotIdentifier=SNAPSHOT
    )["DBSnapshot"]
    key = stage.workspace.resource("aws:kms/replicaKey:ReplicaKey", "keys-backup-replica")["outputs"]["arn"]
    copy = stage.client("rds", region).copy_db_snapshot(
        SourceDBSnapshotIdentifier=source["DBSnapshotArn"],
        TargetDBSnapshotIdentifier=SNAPSHOT,
        KmsKeyId=key,
        SourceRegion=stage.region,
    )["DBSnapshot"]
    rebuild.configure(
        {
            "profile": stage.profile,
            "aws.emulator": stage.account.url,
            "aws.region": region,
            "aws.drRegion": None,
            "aws.images": None,
            "aws.edge.domain": f"rebuilt.{stage.workspace.setting('aws.edge.domain')}",
            "aws.database.restore": {"snapshot": copy["DBSnapshotArn"]},
            # The account's one monitor of its services is the first stack's.
            "aws.budget.anomalyMonitorArn": monitor,
        }
    )
    outcome = succeeded(rebuild.up(progress))
    unchanged(rebuild.preview(progress, "--expect-no-changes"))
    restored = stage.account.calls().get("rds.RestoreDBInstanceFromDBSnapshot", 0)
    if restored != 1:
        raise refuted("the new database does not come from the snapshot")
    unchanged(stage.workspace.preview(progress, "--expect-no-changes"))
    return (
        f"{len(outcome.changes)} resources in {region}, database from the snapshot; the first stack untouched"
    )
