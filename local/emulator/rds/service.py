"""RDS as moto dispatches it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.rds.models import DBInstance

from local.emulator.rds import backups, restores
from local.emulator.rds.groups import LEAVING, Groups
from local.emulator.rds.instances import check, complete, keep, newest, refused
from local.emulator.rds.subscriptions import Subscriptions
from local.emulator.rds.versions import Versions
from local.emulator.rds.windows import defer


class Rds(Groups, Subscriptions, Versions):
    """moto's service where nothing else is said; parameters are in its snake case."""

    def create_db_instance(self) -> ActionResult:
        """Being created until somebody looks."""
        return ActionResult({"DBInstance": self._make(self.params)})

    def restore_db_instance_from_db_snapshot(self) -> ActionResult:
        """A new instance; the snapshot stays."""
        return ActionResult({"DBInstance": self._make(restores.from_snapshot(self.backend, self.params))})

    def restore_db_instance_to_point_in_time(self) -> ActionResult:
        """A new instance beside its source."""
        return ActionResult({"DBInstance": self._make(restores.from_time(self.backend, self.params))})

    def create_db_instance_read_replica(self) -> ActionResult:
        """Of an instance in this region (its name) or another one (its ARN)."""
        made = self._make(restores.replica(self.backend, self.params))
        made.set_as_replica()
        self.backend.find_db_from_id(self.params["source_db_instance_identifier"]).add_replica(made)
        return ActionResult({"DBInstance": made})

    def promote_read_replica(self) -> ActionResult:
        """It forgets its source, and its source forgets it."""
        replica = self.backend.describe_db_instances(self.params["DBInstanceIdentifier"])[0]
        if not replica.source_db_instance_identifier:
            raise refused("InvalidDBInstanceState", "DB Instance is not a read replica.")
        source = self.backend.find_db_from_id(replica.source_db_instance_identifier)
        source.replicas.remove(
            replica.arn if source.region != self.region else replica.db_instance_identifier
        )
        answer = super().promote_read_replica()
        replica.source_db_instance_identifier = None
        replica.status = "modifying"
        return answer

    def describe_db_instances(self) -> ActionResult:
        """What waits poll: what is under way is settled at the next look."""
        name = self.params.get("DBInstanceIdentifier")
        leaving = LEAVING[self.region].pop(name, None) if name else None
        if leaving:
            return ActionResult({"DBInstances": [leaving]})
        filters = {one["Name"]: one["Values"] for one in self.params.get("Filters", [])}
        found = self.backend.describe_db_instances(name, filters=filters)
        return PaginatedResult({"DBInstances": [_look(one) for one in found]})

    def modify_db_instance(self) -> ActionResult:
        """At once, or in the next maintenance window."""
        instance = self.backend.describe_db_instances(self.params["DBInstanceIdentifier"])[0]
        if instance.status != "available":
            raise refused("InvalidDBInstanceState", "Database instance is not in available state.")
        check(
            self.backend,
            {"engine": instance.engine, "engine_version": instance.engine_version, **self.params},
        )
        if self.params.get("engine_version"):
            self.params["engine_version"] = newest(self.params["engine_version"])
            _one_major(instance, self.params)
        defer(instance, self.params)
        answer = super().modify_db_instance()
        keep(instance, self.params)
        instance.status = "modifying"
        return answer

    def delete_db_instance(self) -> ActionResult:
        """Protected ones stay; a final snapshot unless it is declined; seen once more before it is gone."""
        wish = self.params
        name = wish["DBInstanceIdentifier"]
        instance = self.backend.describe_db_instances(name)[0]
        final = wish.get("FinalDBSnapshotIdentifier")
        if not (wish.get("SkipFinalSnapshot") or final or instance.is_replica):
            raise refused(
                "InvalidParameterCombination",
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            )
        if final and instance.is_replica:
            raise refused(
                "InvalidParameterCombination",
                "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance",
            )
        delete = wish.get("DeleteAutomatedBackups") is not False
        answer = super().delete_db_instance()
        backups.end(instance, delete=delete)
        LEAVING[self.region][name] = instance
        return answer

    def copy_db_snapshot(self) -> ActionResult:
        """Also from another region, with a key of this one."""
        source = self.backend.get_db_snapshot(self.params["SourceDBSnapshotIdentifier"])
        elsewhere = source.region != self.region
        if elsewhere and source.encrypted and not self.params.get("KmsKeyId"):
            raise refused(
                "InvalidParameterCombination",
                "A KmsKeyId is required to copy an encrypted snapshot from another region",
            )
        answer = super().copy_db_snapshot()
        made = self.backend.get_db_snapshot(self.params["TargetDBSnapshotIdentifier"])
        if elsewhere:
            made.source_region = source.region  # pyright: ignore[reportAttributeAccessIssue]
        made.source_db_snapshot_identifier = source.arn  # pyright: ignore[reportAttributeAccessIssue]
        return answer

    def start_db_instance_automated_backups_replication(self) -> ActionResult:
        """Asked in the region that the backups go to."""
        wish = self.params
        retention = wish.get("BackupRetentionPeriod", 7)
        made = backups.replicate(self.backend, wish["SourceDBInstanceArn"], retention, wish.get("KmsKeyId"))
        return ActionResult({"DBInstanceAutomatedBackup": made})

    def stop_db_instance_automated_backups_replication(self) -> ActionResult:
        """Asked in the region that the backups go to."""
        stopped = backups.stop(self.backend, self.params["SourceDBInstanceArn"])
        return ActionResult({"DBInstanceAutomatedBackup": stopped})

    def describe_db_instance_automated_backups(self) -> ActionResult:
        """Of this region: its instances' own, retained ones, and those copied into it."""
        wish = self.params
        arn = wish.get("DBInstanceAutomatedBackupsArn")
        found = backups.find(
            self.region,
            DBInstanceAutomatedBackupsArn=arn,
            DbiResourceId=wish.get("DbiResourceId"),
            DBInstanceIdentifier=wish.get("DBInstanceIdentifier"),
        )
        if arn and not found:
            raise refused("DBInstanceAutomatedBackupNotFound", f"No automated backup {arn}")
        return ActionResult({"DBInstanceAutomatedBackups": [one.record.look() for one in found]})

    def delete_db_instance_automated_backup(self) -> ActionResult:
        """Only what is retained: an instance's own backups live as long as it does."""
        wish = self.params
        found = backups.find(
            self.region,
            DBInstanceAutomatedBackupsArn=wish.get("DBInstanceAutomatedBackupsArn"),
            DbiResourceId=wish.get("DbiResourceId"),
            Status="retained",
        )
        if not found:
            raise refused("DBInstanceAutomatedBackupNotFound", "No retained automated backup is of that name")
        del backups.BACKUPS[self.region][found[0].arn]
        return ActionResult({"DBInstanceAutomatedBackup": {**found[0].record.answer, "Status": "deleting"}})

    def _make(self, wish: Mapping[str, Any]) -> DBInstance:
        check(self.backend, wish)
        wish = {**wish, "engine_version": newest(wish.get("engine_version"))}
        known = {name: value for name, value in wish.items() if value is not None}
        made = self.backend.create_db_instance(known)
        complete(made, wish)
        backups.begin(made)
        return made


def _look(instance: DBInstance) -> DBInstance:
    """As it is now; whoever waits asks again and finds it available."""
    seen = copy.copy(instance)
    seen.db_instance_automated_backups_replications = backups.replications(instance)  # pyright: ignore[reportAttributeAccessIssue]
    if instance.status in ("creating", "modifying"):
        instance.status = "available"
    return seen


def _one_major(instance: DBInstance, wish: Mapping[str, Any]) -> None:
    now, wanted = instance.engine_version, wish["engine_version"]
    if wanted.partition(".")[0] != now.partition(".")[0] and not wish.get("allow_major_version_upgrade"):
        raise refused(
            "InvalidParameterCombination",
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
        )
