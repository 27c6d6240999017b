"""What a lost stack leaves in the DR region, made by hand: for a rehearsal of the rebuilt stack alone."""

from __future__ import annotations

import json
import secrets
from typing import Any

from local.progress import Progress
from local.rehearsal.stage import Stage, succeeded
from local.rehearsal.steps import life, policies
from local.rehearsal.steps.rebuild import shut_off

_NAME = "lost"


def left_behind(stage: Stage, progress: Progress) -> str:
    """A key, a snapshot, an entry in Secrets Manager and a bucket are copied; then their region is gone.

    The database comes from a copied snapshot, whereas the rehearsal of prod restores replicated backups.
    """
    lost = str(stage.workspace.setting("aws.restore.lostRegion"))
    progress.note(f"copying from {lost}")
    key = _key(stage, lost)
    bucket = f"{_NAME}-backup-copy-{secrets.token_hex(4)}"
    stage.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": stage.region}
    )
    # Costs are the whole account's, and an account has one monitor of them.
    monitor = stage.client("ce").create_anomaly_monitor(
        AnomalyMonitor={
            "MonitorName": _NAME,
            "MonitorType": "DIMENSIONAL",
            "MonitorDimension": "SERVICE",
        }
    )["MonitorArn"]
    stage.workspace.configure(
        {
            "aws.emulator": stage.account.url,
            "aws.restore.keyArn": key,
            "aws.restore.serverSecretArn": _entry(stage, lost, key),
            "aws.restore.backupBucket": bucket,
            "aws.database.restore": {"snapshot": _snapshot(stage, lost, key)},
            "aws.budget.anomalyMonitorArn": monitor,
        }
    )
    shut_off(stage, lost)
    return f"{lost} does not answer any more; its copies are in {stage.region}"


def preview(stage: Stage, progress: Progress) -> str:
    """The first preview, which looks at the copies: from nothing at all there is nothing to rebuild."""
    run = policies.run_of(stage, "preview")
    return life.only_creates(stage, succeeded(stage.workspace.preview(progress, policies=run)), run)


def _key(stage: Stage, lost: str) -> str:
    made: Any = stage.client("kms", lost).create_key(MultiRegion=True)["KeyMetadata"]
    copy: Any = stage.client("kms", lost).replicate_key(KeyId=made["KeyId"], ReplicaRegion=stage.region)
    return copy["ReplicaKeyMetadata"]["Arn"]


def _entry(stage: Stage, lost: str, key: str) -> str:
    kept = {name: secrets.token_urlsafe(36) for name in ("password", "encryptionKey")}
    made: Any = stage.client("secretsmanager", lost).create_secret(
        Name=f"{_NAME}/server",
        SecretString=json.dumps(kept),
        AddReplicaRegions=[{"Region": stage.region, "KmsKeyId": key}],
    )
    return made["ARN"].replace(f":{lost}:", f":{stage.region}:")


def _snapshot(stage: Stage, lost: str, key: str) -> str:
    primary = stage.client("rds", lost)
    primary_key = stage.client("kms", lost).create_key()["KeyMetadata"]["Arn"]
    primary.create_db_instance(
        DBInstanceIdentifier=_NAME,
        DBInstanceClass="db.r7g.large",
        Engine="postgres",
        EngineVersion="17",
        AllocatedStorage=100,
        StorageType="gp3",
        StorageEncrypted=True,
        KmsKeyId=primary_key,
        MasterUsername="roost_master",
        ManageMasterUserPassword=True,
        BackupRetentionPeriod=35,
    )
    primary.describe_db_instances(DBInstanceIdentifier=_NAME)  # it is available once somebody looks
    source: Any = primary.create_db_snapshot(DBInstanceIdentifier=_NAME, DBSnapshotIdentifier=_NAME)
    copy: Any = stage.client("rds").copy_db_snapshot(
        SourceDBSnapshotIdentifier=source["DBSnapshot"]["DBSnapshotArn"],
        TargetDBSnapshotIdentifier=_NAME,
        KmsKeyId=key,
        SourceRegion=lost,
    )
    return copy["DBSnapshot"]["DBSnapshotArn"]
