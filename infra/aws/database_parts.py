"""What an RDS instance needs around it: parameters, log groups, the monitoring role."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, iam, rds

from infra.aws.documents import service_trust
from infra.aws.log_group import log_group
from infra.aws.place import Place
from infra.aws.postgres_parameters import postgres_parameters
from infra.options import Options
from infra.settings.aws_database import RdsSettings, RestoreSettings
from infra.settings.database import DatabaseSettings

EXPORTED_LOGS = ("postgresql", "upgrade")

_ADVANCED_INSIGHTS_DAYS = 465
_STANDARD_INSIGHTS_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class DatabaseParts:
    """Makes the parts as children of `parent`, under names that start with `name`."""

    name: str
    place: Place
    options: Options
    parent: pulumi.Resource

    def parameter_group(self, settings: RdsSettings, common: DatabaseSettings) -> rds.ParameterGroup:
        """Autonamed, so that a new one exists before the instance leaves the old one."""
        parameters = postgres_parameters(
            max_connections=settings.max_connections, log_min_duration_ms=common.log_min_duration_ms
        )
        return rds.ParameterGroup(
            self.name,
            family=f"postgres{settings.major}",
            description=f"{self.place.prefix}: Postgres {settings.major}",
            parameters=[
                rds.ParameterGroupParameterArgs(
                    name=p.name, value=p.value, apply_method="pending-reboot" if p.static else "immediate"
                )
                for p in parameters
            ],
            opts=self.options.child(self.parent),
        )

    def monitoring_role(self) -> tuple[iam.Role, iam.RolePolicyAttachment]:
        """What enhanced monitoring writes its log with."""
        role = iam.Role(
            f"{self.name}-monitoring",
            assume_role_policy=service_trust("monitoring.rds.amazonaws.com", account=self.place.account),
            opts=self.options.child(self.parent),
        )
        grant = iam.RolePolicyAttachment(
            f"{self.name}-monitoring",
            role=role.name,
            policy_arn=self.place.managed_policy("service-role/AmazonRDSEnhancedMonitoringRole"),
            opts=self.options.child(self.parent),
        )
        return role, grant

    def log_groups(
        self, identifier: pulumi.Output[str], *, key_arn: pulumi.Output[str], retention_days: int
    ) -> list[cloudwatch.LogGroup]:
        """One for each exported log, under the name that RDS writes to."""
        return [
            log_group(
                f"{self.name}-{log}",
                physical_name=pulumi.Output.concat("/aws/rds/instance/", identifier, "/", log),
                key_arn=key_arn,
                retention_days=retention_days,
                opts=self.options.child(self.parent),
            )
            for log in EXPORTED_LOGS
        ]


def insights_days(settings: RdsSettings) -> int:
    """How long Database Insights keeps its figures: what each mode includes."""
    return _ADVANCED_INSIGHTS_DAYS if settings.insights == "advanced" else _STANDARD_INSIGHTS_DAYS


def point_in_time(restore: RestoreSettings) -> rds.InstanceRestoreToPointInTimeArgs | None:
    """The moment to restore, from an instance's history or from replicated backups; None for a snapshot."""
    if restore.snapshot:
        return None
    return rds.InstanceRestoreToPointInTimeArgs(
        source_dbi_resource_id=restore.source_instance,
        source_db_instance_automated_backups_arn=restore.source_backups_arn,
        restore_time=restore.time,
        use_latest_restorable_time=None if restore.time else True,
    )
