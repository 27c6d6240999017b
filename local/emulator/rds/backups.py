"""Automated backups: of an instance in its own region, and replicated to another one."""

from __future__ import annotations

import copy
import secrets
import string
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from moto.core.utils import utcnow
from moto.rds.models import DBInstance, RDSBackend, rds_backends

from local.emulator.rds.instances import refused
from local.emulator.settling import Record

_LETTERS = string.ascii_lowercase + string.digits


@dataclass
class Backup:
    """What DescribeDBInstanceAutomatedBackups answers, and the instance as it was."""

    record: Record
    instance: DBInstance

    @property
    def arn(self) -> str:
        """Of the backup itself."""
        return self.record.answer["DBInstanceAutomatedBackupsArn"]


BACKUPS: defaultdict[str, dict[str, Backup]] = defaultdict(dict)
"""By region and ARN."""


def begin(instance: DBInstance) -> None:
    """An instance with a retention period has automated backups from its start."""
    if int(instance.backup_retention_period) > 0:
        _add(
            instance,
            instance.region,
            "active",
            str(instance.kms_key_id or ""),
            instance.backup_retention_period,
        )


def end(instance: DBInstance, *, delete: bool) -> None:
    """The instance is gone: its own backups go or are retained, replicated ones are always retained."""
    for region, backups in BACKUPS.items():
        for backup in [one for one in backups.values() if _is_of(one, instance.arn)]:
            if delete and region == instance.region:
                del backups[backup.arn]
            else:
                backup.record.answer["Status"] = "retained"


def replicate(backend: RDSBackend, source_arn: str, retention: int, key: str | None) -> dict[str, Any]:
    """Start copying an instance's backups into the backend's region; pending until somebody looks."""
    source = _source(source_arn)
    if source.region == backend.region_name:
        raise refused("InvalidParameterValue", "The source and destination regions must be different")
    if int(source.backup_retention_period) == 0:
        raise refused("InvalidDBInstanceState", f"Automated backups are not enabled on {source_arn}")
    if source.storage_encrypted and not key:
        raise refused("InvalidParameterCombination", "KmsKeyId is required for an encrypted source instance")
    if _replicated(backend, source_arn):
        raise refused(
            "DBInstanceAutomatedBackupsReplicationAlreadyExists",
            f"{source_arn} is already replicating to the current region",
        )
    key_arn = backend._validate_kms_key(key) if key else ""  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    backup = _add(source, backend.region_name, "pending", key_arn, retention)
    backup.record.then(lambda: backup.record.answer.update(Status="replicating"))
    return dict(backup.record.answer)


def stop(backend: RDSBackend, source_arn: str) -> dict[str, Any]:
    """What was copied before goes as well, as AWS does it."""
    backup = _replicated(backend, source_arn)
    if backup is None:
        raise refused("InvalidDBInstanceState", f"{source_arn} is not replicating to the current region")
    del BACKUPS[backend.region_name][backup.arn]
    return {**backup.record.answer, "Status": "deleting"}


def replications(instance: DBInstance) -> list[dict[str, str]]:
    """Where an instance's backups are copied to, as DescribeDBInstances shows it."""
    return [
        {"DBInstanceAutomatedBackupsArn": one.arn}
        for region, backups in BACKUPS.items()
        for one in backups.values()
        if region != instance.region
        and _is_of(one, instance.arn)
        and one.record.answer["Status"] != "retained"
    ]


def find(region: str, **wanted: str | None) -> list[Backup]:
    """The region's backups whose answer has all that is given."""
    given = {key: value for key, value in wanted.items() if value}
    return [one for one in BACKUPS[region].values() if given.items() <= one.record.answer.items()]


def _add(instance: DBInstance, region: str, status: str, key: str, retention: int) -> Backup:
    unique = "".join(secrets.choice(_LETTERS) for _ in range(32))
    account = instance.account_id
    answer: dict[str, Any] = {
        "DBInstanceArn": instance.arn,
        "DbiResourceId": instance.dbi_resource_id,
        "Region": instance.region,
        "DBInstanceIdentifier": instance.db_instance_identifier,
        "Status": status,
        "DBInstanceAutomatedBackupsArn": f"arn:aws:rds:{region}:{account}:auto-backup:ab-{unique}",
        "BackupRetentionPeriod": int(retention),
        "Encrypted": bool(instance.storage_encrypted),
        "KmsKeyId": key or None,
        "Engine": instance.engine,
        "EngineVersion": instance.engine_version,
        "AllocatedStorage": instance.allocated_storage,
        "MasterUsername": instance.master_username,
        "Port": instance.port,
        "RestoreWindow": {"EarliestTime": utcnow(), "LatestTime": utcnow()},
    }
    backup = Backup(Record(answer), copy.copy(instance))
    BACKUPS[region][backup.arn] = backup
    return backup


def _source(arn: str) -> DBInstance:
    region, name = arn.split(":")[3], arn.rpartition(":")[2]
    backend = next((one for _, at, one in rds_backends.iter_backends() if at == region), None)
    found = backend.databases.get(name) if isinstance(backend, RDSBackend) else None
    if found is None:
        raise refused("DBInstanceNotFound", f"DBInstance {arn} not found.")
    return found


def _replicated(backend: RDSBackend, source_arn: str) -> Backup | None:
    here = BACKUPS[backend.region_name].values()
    return next(
        (one for one in here if _is_of(one, source_arn) and one.record.answer["Status"] != "retained"), None
    )


def _is_of(backup: Backup, source_arn: str) -> bool:
    return backup.record.answer["DBInstanceArn"] == source_arn
