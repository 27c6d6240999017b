"""Backups are restored every week, where nothing reaches what comes of it, and it is removed again."""

from __future__ import annotations

import pulumi
from pulumi_aws import backup, ec2, iam, rds

from infra.aws.backup_plan import SERVICE
from infra.aws.backup_vault import BackupVault
from infra.aws.documents import service_trust
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws_recovery import RestoreTestSettings
from infra.tags import BACKUP_TAG

_WINDOW_DAYS = 7
"""The newest recovery point of a week is restored: with an older one the test says that there is none."""


class RestoreTest(pulumi.ComponentResource):
    """AWS Backup's restore testing of the database and of tagged volumes, in the vault's own region.

    The restored database has subnets without a way out and a security group that admits nobody. AWS Backup
    itself removes what it restored, after `keep_hours`.
    """

    def __init__(
        self,
        name: str,
        settings: RestoreTestSettings,
        *,
        vault: BackupVault,
        database_arn: pulumi.Output[str],
        network: NetworkPort,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:RestoreTest", name, None, opts)
        self._name = name
        self._settings = settings
        self._network = network
        self._place = place
        self._options = options
        self._plan = self._schedule(vault)
        role, grant = self._role()
        granted = options.child(self, depends_on=[grant])
        subnets, group = self._isolation()
        backup.RestoreTestingSelection(
            f"{name}-database",
            name="database",
            restore_testing_plan_name=self._plan.name,
            protected_resource_type="RDS",
            protected_resource_arns=[database_arn],
            iam_role_arn=role.arn,
            # Keys and lists as AWS Backup's restore metadata has them, in which everything is text.
            restore_metadata_overrides={
                "dbInstanceClass": settings.instance_class,
                "dbSubnetGroupName": subnets.name,
                "vpcSecurityGroupIds": pulumi.Output.json_dumps([group.id]),
            },
            validation_window_hours=settings.keep_hours,
            opts=granted,
        )
        tagged = backup.RestoreTestingSelectionProtectedResourceConditionsStringEqualArgs(
            key=f"aws:ResourceTag/{BACKUP_TAG}", value=place.prefix
        )
        backup.RestoreTestingSelection(
            f"{name}-volumes",
            name="volumes",
            restore_testing_plan_name=self._plan.name,
            protected_resource_type="EBS",
            protected_resource_arns=["*"],
            protected_resource_conditions=backup.RestoreTestingSelectionProtectedResourceConditionsArgs(
                string_equals=[tagged]
            ),
            iam_role_arn=role.arn,
            validation_window_hours=settings.keep_hours,
            opts=granted,
        )
        self.register_outputs({"plan": self._plan.name})

    def _schedule(self, vault: BackupVault) -> backup.RestoreTestingPlan:
        hour, minute = (int(part) for part in self._settings.start.split(":"))
        return backup.RestoreTestingPlan(
            self._name,
            # Neither dashes nor autonaming, which puts one in.
            name=f"{self._place.prefix}-weekly".replace("-", "_"),
            schedule_expression=f"cron({minute} {hour} ? * {self._settings.weekday.upper()} *)",
            schedule_expression_timezone="Etc/UTC",
            start_window_hours=self._settings.start_window_hours,
            recovery_point_selection=backup.RestoreTestingPlanRecoveryPointSelectionArgs(
                algorithm="LATEST_WITHIN_WINDOW",
                include_vaults=[vault.arn],
                recovery_point_types=["SNAPSHOT"],
                selection_window_days=_WINDOW_DAYS,
            ),
            opts=self._options.child(self),
        )

    def _role(self) -> tuple[iam.Role, iam.RolePolicyAttachment]:
        role = iam.Role(
            self._name,
            assume_role_policy=service_trust(SERVICE, account=self._place.account),
            opts=self._options.child(self),
        )
        grant = iam.RolePolicyAttachment(
            self._name,
            role=role.name,
            policy_arn=self._place.managed_policy("service-role/AWSBackupServiceRolePolicyForRestores"),
            opts=self._options.child(self),
        )
        return role, grant

    def _isolation(self) -> tuple[rds.SubnetGroup, ec2.SecurityGroup]:
        subnets = rds.SubnetGroup(
            self._name,
            subnet_ids=self._network.database_subnet_ids,
            description=f"{self._place.prefix}: for restore tests, without a way out",
            opts=self._options.child(self),
        )
        group = ec2.SecurityGroup(
            self._name,
            vpc_id=self._network.vpc_id,
            description="Restore tests: admits nobody, opens no connection",
            ingress=[],
            egress=[],
            tags={"Name": f"{self._place.prefix}-restore-test"},
            opts=self._options.child(self),
        )
        return subnets, group
