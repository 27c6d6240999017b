"""Parameter and subnet groups: what moto loses, and what AWS refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.rds.models import DBInstance
from moto.rds.responses import RDSResponse

from local.emulator.rds.instances import refused

LEAVING: defaultdict[str, dict[str, DBInstance]] = defaultdict(dict)
"""Instances that are being deleted, by region and identifier: seen once more, then gone."""

AT_ONCE = 20
"""Parameters that one call may carry, by the API reference."""
# Those of Postgres 17 that only a restart applies (`pg_settings.context = 'postmaster'`), as far as anybody
# sets them on RDS.
STATIC = frozenset(
    {
        "autovacuum_freeze_max_age",
        "autovacuum_max_workers",
        "huge_pages",
        "max_connections",
        "max_locks_per_transaction",
        "max_logical_replication_workers",
        "max_prepared_transactions",
        "max_replication_slots",
        "max_wal_senders",
        "max_worker_processes",
        "rds.logical_replication",
        "shared_buffers",
        "shared_preload_libraries",
        "superuser_reserved_connections",
        "track_activity_query_size",
        "track_commit_timestamp",
        "wal_buffers",
    }
)


class Groups(RDSResponse):
    """The operations on both kinds of groups."""

    def create_db_subnet_group(self) -> ActionResult:
        """In at least two zones."""
        ec2 = ec2_backends[self.current_account][self.region]
        _cover_two_zones([ec2.get_subnet(one) for one in self.params.get("SubnetIds", [])])
        if self.params["DBSubnetGroupName"].lower() in self.backend.subnet_groups:
            raise refused("DBSubnetGroupAlreadyExists", "The DB subnet group already exists.")
        return super().create_db_subnet_group()

    def modify_db_subnet_group(self) -> ActionResult:
        """moto's loses the group."""
        ec2 = ec2_backends[self.current_account][self.region]
        group = self.backend.describe_db_subnet_groups(self.params["DBSubnetGroupName"])[0]
        wanted = [ec2.get_subnet(one) for one in self.params["SubnetIds"]]
        _cover_two_zones(wanted)
        group.subnets = wanted  # pyright: ignore[reportAttributeAccessIssue]
        if self.params.get("DBSubnetGroupDescription") is not None:
            group.description = self.params["DBSubnetGroupDescription"]
        return ActionResult({"DBSubnetGroup": group})

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

    def modify_db_parameter_group(self) -> ActionResult:
        """A few at a time, and what only a restart applies not at once."""
        wish = self.params["Parameters"]
        _few(wish)
        for one in wish:
            if one["ParameterName"] in STATIC and one.get("ApplyMethod") != "pending-reboot":
                raise refused(
                    "InvalidParameterCombination",
                    f"cannot use immediate apply method for static parameter: {one['ParameterName']}",
                )
        return super().modify_db_parameter_group()

    def reset_db_parameter_group(self) -> ActionResult:
        """Parameters back to the engine's defaults, which is to say: not set."""
        name = self.params["DBParameterGroupName"]
        group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        if self.params.get("ResetAllParameters"):
            group.parameters.clear()
        _few(self.params.get("Parameters", []))
        for one in self.params.get("Parameters", []):
            group.parameters.pop(one["ParameterName"], None)
        return ActionResult({"DBParameterGroupName": name})

    def _instances(self) -> list[DBInstance]:
        return [*self.backend.databases.values(), *LEAVING[self.region].values()]


def _few(parameters: Sequence[Any]) -> None:
    if len(parameters) > AT_ONCE:
        raise refused("InvalidParameterValue", f"At most {AT_ONCE} parameters can be given in one request.")


def _cover_two_zones(subnets: Sequence[Any]) -> None:
    zones = sorted({one.availability_zone for one in subnets})
    if len(zones) < 2:
        raise refused(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            f"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement: {zones}",
        )
