"""Instances made from a snapshot, from a point in time, and as a replica of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.rds.models import DBInstance, RDSBackend

from local.emulator.rds import backups
from local.emulator.rds.instances import refused

# What AWS takes from the source where the request does not say otherwise; groups, protection, exports and
# authentication are the defaults again (API reference of the two restore operations).
INHERITED = (
    "allocated_storage",
    "backup_retention_period",
    "db_instance_class",
    "db_name",
    "engine",
    "engine_version",
    "license_model",
    "master_username",
    "port",
    "storage_encrypted",
    "storage_type",
)


def from_snapshot(backend: RDSBackend, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The new instance's parameters; it is encrypted with the snapshot's key."""
    snapshot = backend.get_db_snapshot(wish["db_snapshot_identifier"])
    if snapshot.region != backend.region_name:
        raise refused(
            "DBSnapshotNotFound",
            f"DBSnapshot {wish['db_snapshot_identifier']} is not in {backend.region_name}",
        )
    return _inherit(snapshot.database, wish, snapshot.kms_key_id)


def from_time(backend: RDSBackend, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The new instance's parameters, from an instance that is there or from automated backups."""
    if bool(wish.get("restore_time")) == bool(wish.get("use_latest_restorable_time")):
        raise refused(
            "InvalidParameterCombination", "Specify either RestoreTime or UseLatestRestorableTime, not both"
        )
    source, key = _source(backend, wish)
    named = {**wish, "db_instance_identifier": wish["target_db_instance_identifier"]}
    return _inherit(source, named, key)


def replica(backend: RDSBackend, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The replica's parameters; one in another region needs a key of that region and its own groups."""
    source = backend.find_db_from_id(wish["source_db_instance_identifier"])
    if int(source.backup_retention_period) == 0:
        raise refused(
            "InvalidDBInstanceState", "Automated backups are not enabled for this database instance"
        )
    if source.region != backend.region_name:
        if source.storage_encrypted and not wish.get("kms_key_id"):
            raise refused(
                "InvalidParameterCombination", "KmsKeyId is required for an encrypted source instance"
            )
        return {**_inherit(source, wish, wish.get("kms_key_id")), "backup_retention_period": 0}
    groups = {
        "db_parameter_group_name": source.db_parameter_group_name,
        "db_subnet_group_name": source.db_subnet_group.name,
        "vpc_security_group_ids": list(source.vpc_security_group_ids),
    }
    return {**groups, **_inherit(source, wish, source.kms_key_id), "backup_retention_period": 0}


def _source(backend: RDSBackend, wish: Mapping[str, Any]) -> tuple[DBInstance, str | None]:
    if wish.get("source_db_instance_identifier"):
        instance = backend.describe_db_instances(wish["source_db_instance_identifier"])[0]
        return instance, instance.kms_key_id
    found = backups.find(
        backend.region_name,
        DbiResourceId=wish.get("source_dbi_resource_id"),
        DBInstanceAutomatedBackupsArn=wish.get("source_db_instance_automated_backups_arn"),
    )
    if not found:
        raise refused("DBInstanceAutomatedBackupNotFound", "The specified automated backup was not found")
    return found[0].instance, found[0].record.answer["KmsKeyId"]


def _inherit(source: DBInstance, wish: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    if wish.get("db_name") and source.engine == "postgres":
        raise refused("InvalidParameterValue", "DBName must be null when Restoring for this Engine.")
    size = wish.get("allocated_storage")
    if size and size < source.allocated_storage:
        raise refused(
            "InvalidParameterValue",
            "The allocated storage size can't be less than the source snapshot or backup size.",
        )
    inherited = {name: getattr(source, name) for name in INHERITED}
    inherited["kms_key_id"] = key
    return inherited | {name: value for name, value in wish.items() if value is not None}
