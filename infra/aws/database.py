"""Postgres on RDS: encrypted, private, recoverable to any second, and hard to lose."""

from __future__ import annotations

import pulumi
import pulumi_random as random
from pulumi_aws import ec2, rds
from pulumi_aws import vpc as rules

from infra.aws.database_parts import EXPORTED_LOGS, DatabaseParts, insights_days, point_in_time
from infra.aws.keys import Keys
from infra.aws.network_acl import POSTGRES_PORT
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.aws.rds_ca import CA_IDENTIFIER
from infra.aws.read_replica import Primary, ReadReplica
from infra.options import Options
from infra.settings.aws_database import RdsSettings
from infra.settings.database import DatabaseSettings

MASTER = "roost_master"
"""Not `postgres`: a name that guesses try first has no use here."""


class Database(pulumi.ComponentResource):
    """One instance, its parameters and logs, a replica if asked for, and its backups' copy in the DR region.

    The master password is made and rotated by Secrets Manager and is never in the state; `master_secret_arn`
    refers to it. Destroying the instance leaves a final snapshot and its automated backups.
    """

    def __init__(
        self,
        name: str,
        settings: RdsSettings,
        common: DatabaseSettings,
        *,
        network: NetworkPort,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Database", name, None, opts)
        self._name = name
        self._settings = settings
        self._common = common
        self._network = network
        self._keys = keys
        self._place = place
        self._options = options
        # Known before the instance, because RDS writes to log groups named after it.
        suffix = self._suffix("identifier")
        self.identifier = pulumi.Output.concat(place.prefix, "-", suffix)
        self._group = self._security_group()
        parts = DatabaseParts(name=name, place=place, options=options, parent=self)
        self._parameters = parts.parameter_group(settings, common)
        self._monitoring, self._monitoring_grant = parts.monitoring_role()
        self._logs = parts.log_groups(
            self.identifier, key_arn=keys.logs, retention_days=settings.log_retention_days
        )
        self._instance = self._create()
        self.backups_copy_arn = self._copy_backups()
        replica = self._follow() if settings.read_replica else None
        self.replica_host = replica.host if replica else None
        self.replica_identifier = replica.identifier if replica else None
        self.made_identifier = self._instance.identifier
        """The same, once the instance is there: for what is about it, such as alarms."""
        self.host = self._instance.address
        self.port = POSTGRES_PORT
        self.arn = self._instance.arn
        self.resource_id = self._instance.resource_id
        self.security_group_id: pulumi.Output[str] = self._group.id
        self.master_secret_arn = self._instance.master_user_secrets[0].secret_arn
        self.ready: list[pulumi.Resource] = [self._instance]
        self.register_outputs(
            {
                "identifier": self.identifier,
                "host": self.host,
                "arn": self.arn,
                "resourceId": self.resource_id,
                "masterSecretArn": self.master_secret_arn,
                "replicaHost": self.replica_host,
            }
        )

    def admit(self, client: str, security_group_id: pulumi.Input[str]) -> rules.SecurityGroupIngressRule:
        """Let one security group connect; the instance does not wait for whoever that is."""
        return rules.SecurityGroupIngressRule(
            f"{self._name}-from-{client}",
            security_group_id=self._group.id,
            referenced_security_group_id=security_group_id,
            description=f"Postgres from {client}",
            ip_protocol="tcp",
            from_port=POSTGRES_PORT,
            to_port=POSTGRES_PORT,
            opts=self._options.child(self),
        )

    def _suffix(self, purpose: str) -> pulumi.Output[str]:
        return random.RandomString(
            f"{self._name}-{purpose}",
            length=8,
            upper=False,
            special=False,
            # Another database name replaces the instance; the old one still holds its identifier then.
            keepers={"database": self._common.name},
            opts=self._options.child(self),
        ).result

    def _security_group(self) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self._name,
            vpc_id=self._network.vpc_id,
            description="Postgres: admits named security groups, opens no connection itself",
            egress=[],
            tags={"Name": f"{self._place.prefix}-database"},
            opts=self._options.child(self),
        )

    def _create(self) -> rds.Instance:
        s = self._settings
        origin = s.restore
        subnets = rds.SubnetGroup(
            self._name,
            subnet_ids=self._network.database_subnet_ids,
            description=f"{self._place.prefix}: subnets without a way out",
            opts=self._options.child(self),
        )
        return rds.Instance(
            self._name,
            identifier=self.identifier,
            engine="postgres",
            engine_version=s.engine_version,
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            auto_minor_version_upgrade=s.minor_upgrades,
            allow_major_version_upgrade=False,
            apply_immediately=False,
            instance_class=s.instance_class,
            multi_az=s.multi_az,
            storage_type="gp3",
            allocated_storage=s.storage_gib,
            max_allocated_storage=s.max_storage_gib,
            storage_encrypted=True,
            kms_key_id=self._keys.data,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[self._group.id],
            publicly_accessible=False,
            port=POSTGRES_PORT,
            ca_cert_identifier=CA_IDENTIFIER,
            parameter_group_name=self._parameters.name,
            iam_database_authentication_enabled=True,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=self._keys.secrets,
            backup_retention_period=s.backup_retention_days,
            backup_window=s.backup_window,
            maintenance_window=s.maintenance_window,
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            skip_final_snapshot=False,
            final_snapshot_identifier=pulumi.Output.concat(
                self._place.prefix, "-final-", self._suffix("final-snapshot")
            ),
            deletion_protection=self._options.protects_data,
            enabled_cloudwatch_logs_exports=list(EXPORTED_LOGS),
            monitoring_interval=s.monitoring_interval_seconds,
            monitoring_role_arn=self._monitoring.arn,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=self._keys.data,
            performance_insights_retention_period=insights_days(s),
            database_insights_mode=s.insights,
            db_name=None if origin else self._common.name,
            username=None if origin else MASTER,
            snapshot_identifier=origin.snapshot if origin else None,
            restore_to_point_in_time=point_in_time(origin) if origin else None,
            opts=pulumi.ResourceOptions.merge(
                self._options.database(self, depends_on=[*self._logs, self._monitoring_grant]),
                # Where the data came from is history: taking `restore` out of the settings replaces nothing.
                # A restored instance keeps its snapshot's key; asking for another one would replace it.
                pulumi.ResourceOptions(
                    ignore_changes=["snapshotIdentifier", "restoreToPointInTime", "kmsKeyId"]
                ),
            ),
        )

    def _follow(self) -> ReadReplica:
        name = f"{self._name}-replica"
        return ReadReplica(
            name,
            self._settings,
            identifier=pulumi.Output.concat(self._place.prefix, "-replica-", self._suffix("replica")),
            primary=Primary(
                instance=self._instance,
                parameters=self._parameters,
                monitoring=self._monitoring,
                security_group_id=self._group.id,
            ),
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._options.child(self),
        )

    def _copy_backups(self) -> pulumi.Output[str] | None:
        """The DR region holds what is needed to restore there, under a key of its own: ARN of the copies."""
        if self._keys.backup_replica is None:
            return None
        copies = rds.InstanceAutomatedBackupsReplication(
            f"{self._name}-backups-copy",
            source_db_instance_arn=self._instance.arn,
            retention_period=self._settings.backup_retention_days,
            kms_key_id=self._keys.backup_replica,
            region=self._place.dr_region,
            opts=pulumi.ResourceOptions.merge(
                self._options.final_copy(self),
                # AWS takes another retention only by stopping the copies and starting anew, which is for a
                # person to decide (docs/upgrades.md).
                pulumi.ResourceOptions(ignore_changes=["retentionPeriod"]),
            ),
        )
        return copies.id  # which is the ARN that a restore there names
