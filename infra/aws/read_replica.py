"""A second instance of Postgres that follows the first and answers reads."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import iam, rds

from infra.aws.database_parts import EXPORTED_LOGS, DatabaseParts, insights_days
from infra.aws.keys import Keys
from infra.aws.network_acl import POSTGRES_PORT
from infra.aws.place import Place
from infra.aws.rds_ca import CA_IDENTIFIER
from infra.options import Options
from infra.settings.aws_database import RdsSettings


@dataclass(frozen=True, kw_only=True)
class Primary:
    """What a replica shares with the instance that it follows."""

    instance: rds.Instance
    parameters: rds.ParameterGroup
    monitoring: iam.Role
    security_group_id: pulumi.Output[str]


class ReadReplica(pulumi.ComponentResource):
    """In the primary's subnets and region, of its class and with its parameters, key and doors.

    It has the primary's `max_connections`, since Postgres refuses to follow with fewer. It holds nothing of
    its own, so it is neither backed up nor protected: taking the setting away deletes it, without a snapshot.
    """

    def __init__(
        self,
        name: str,
        settings: RdsSettings,
        *,
        identifier: pulumi.Output[str],
        primary: Primary,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:ReadReplica", name, None, opts)
        parts = DatabaseParts(name=name, place=place, options=options, parent=self)
        logs = parts.log_groups(identifier, key_arn=keys.logs, retention_days=settings.log_retention_days)
        instance = rds.Instance(
            name,
            identifier=identifier,
            replicate_source_db=primary.instance.identifier,
            instance_class=settings.instance_class,
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            auto_minor_version_upgrade=settings.minor_upgrades,
            apply_immediately=False,
            multi_az=False,
            storage_type="gp3",
            max_allocated_storage=settings.max_storage_gib,
            storage_encrypted=True,  # with the primary's key: in one region RDS takes no other
            vpc_security_group_ids=[primary.security_group_id],
            publicly_accessible=False,
            port=POSTGRES_PORT,
            ca_cert_identifier=CA_IDENTIFIER,
            parameter_group_name=primary.parameters.name,
            iam_database_authentication_enabled=True,
            maintenance_window=settings.maintenance_window,
            copy_tags_to_snapshot=True,
            skip_final_snapshot=True,  # RDS makes none of a replica
            deletion_protection=False,
            enabled_cloudwatch_logs_exports=list(EXPORTED_LOGS),
            monitoring_interval=settings.monitoring_interval_seconds,
            monitoring_role_arn=primary.monitoring.arn,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=keys.data,
            performance_insights_retention_period=insights_days(settings),
            database_insights_mode=settings.insights,
            opts=options.replica(self, depends_on=logs),
        )
        self.host = instance.address
        self.identifier = identifier
        self.arn = instance.arn
        self.register_outputs({"host": self.host, "arn": self.arn})
