"""RDS as moto dispatches it."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.ec2.models import ec2_backends
from moto.rds.models import DBInstance
from moto.rds.responses import RDSResponse

from local.emulator.rds import backups, restores
from local.emulator.rds.instances import check, complete, keep, newest, refused
from local.emulator.rds.windows import defer

LEAVING: defaultdict[str, dict[str, DBInstance]] = defaultdict(dict)
"""Instances that are being deleted, by region and identifier: seen once more, then gone."""


class Rds(RDSResponse):
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
        # moto pops it, and so takes it for gone when it looks for its snapshots to delete.
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

    def create_db_subnet_group(self) -> ActionResult:
        """In at least two zones."""
        ec2 = ec2_backends[self.current_account][self.region]
        zones = {ec2.get_subnet(one).availability_zone for one in self.params.get("SubnetIds", [])}
        if len(zones) < 2:
            raise refused(
                "DBSubnetGroupDoesNotCoverEnoughAZs",
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement: "
                f"{sorted(zones)}",
            )
        return super().create_db_subnet_group()

    def delete_db_subnet_group(self) -> ActionResult:
        """Not while an instance is in it."""
        name = self.params["DBSubnetGroupName"].lower()
        if any(
            one.db_subnet_group.name == name for one in self._instances() if hasattr(one, "db_subnet_group")
        ):
            raise refused(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{name}' because at least one database instance is still "
                "using it.",
            )
        return super().delete_db_subnet_group()

    def delete_db_parameter_group(self) -> ActionResult:
        """Not while an instance uses it."""
        name = self.params["DBParameterGroupName"].lower()
        if any(one.db_parameter_group_name == name for one in self._instances()):
            raise refused(
                "InvalidDBParameterGroupState",
                f"One or more database instances are still members of this parameter group {name}, "
                "so the group cannot be deleted",
            )
        return super().delete_db_parameter_group()

    def describe_db_parameters(self) -> ActionResult:
        """What users set: moto knows no engine's defaults."""
        name = self.params["DBParameterGroupName"]
        group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        shown = [{**one, "Source": "user", "IsModifiable": True} for one in group.parameters.values()]
        return ActionResult({"Parameters": shown})

    def reset_db_parameter_group(self) -> ActionResult:
        """Parameters back to the engine's defaults, which is to say: not set."""
        name = self.params["DBParameterGroupName"]
        group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        if self.params.get("ResetAllParameters"):
            group.parameters.clear()
        for one in self.params.get("Parameters", []):
            group.parameters.pop(one["ParameterName"], None)
        return ActionResult({"DBParameterGroupName": name})

    def modify_event_subscription(self) -> ActionResult:
        """Categories, sources and whether it is on."""
        name = self.params["SubscriptionName"]
        (subscription,) = self.backend.describe_event_subscriptions(name)
        for key in ("sns_topic_arn", "source_type", "event_categories", "enabled"):
            if self.params.get(key) is not None:
                setattr(subscription, key, self.params[key])
        return ActionResult({"EventSubscription": subscription})

    def _make(self, wish: Mapping[str, Any]) -> DBInstance:
        check(self.backend, wish)
        wish = {**wish, "engine_version": newest(wish.get("engine_version"))}
        known = {name: value for name, value in wish.items() if value is not None}
        made = self.backend.create_db_instance(known)
        complete(made, wish)
        backups.begin(made)
        return made

    def _instances(self) -> list[DBInstance]:
        return [*self.backend.databases.values(), *LEAVING[self.region].values()]


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
