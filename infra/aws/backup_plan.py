"""AWS Backup: what is taken when, how long it stays, and where its copies go."""

from __future__ import annotations

import pulumi
from pulumi_aws import backup, iam

from infra.aws.backup_vault import BackupVault
from infra.aws.documents import service_trust
from infra.aws.keys import Keys
from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws_recovery import RecoverySettings
from infra.tags import BACKUP_TAG

SERVICE = "backup.amazonaws.com"
START_MINUTES = 60
"""The shortest that AWS takes: a job begins some time in it."""
COMPLETION_MINUTES = 8 * 60
_TOLD = ("COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED")
"""Failed backups are an alarm's to tell, of a metric: AWS tells of all that ended, every day. Restores are
rare: the weekly test, or an emergency."""


class BackupPlan(pulumi.ComponentResource):
    """Daily and monthly recovery points of the database and of tagged volumes, with copies in the DR region.

    The second line of defence. The first is RDS's own recovery to any second, which this leaves alone: with
    continuous backups AWS Backup would take over the instance's backup window and retention.
    """

    def __init__(
        self,
        name: str,
        settings: RecoverySettings,
        *,
        database_arn: pulumi.Output[str],
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:BackupPlan", name, None, opts)
        self._name = name
        self._settings = settings
        self._place = place
        self._options = options
        self.vault = self._vault(f"{name}-vault", keys.backup)
        self.copies = (
            self._vault(f"{name}-copies", keys.backup_replica, place.dr_region)
            if keys.backup_replica is not None
            else None
        )
        self._plan = backup.Plan(name, rules=self._rules(), opts=options.child(self))
        self._take(database_arn)
        self.register_outputs({"vault": self.vault.name, "copies": self.copies.name if self.copies else None})

    def tell(self, topic_arn: pulumi.Input[str]) -> None:
        """Say there what went wrong with a copy, and how a restore ended."""
        backup.VaultNotifications(
            self._name,
            backup_vault_name=self.vault.name,
            backup_vault_events=list(_TOLD),
            sns_topic_arn=topic_arn,
            opts=self._options.child(self),
        )

    def _vault(self, name: str, key_arn: pulumi.Output[str], region: str | None = None) -> BackupVault:
        return BackupVault(
            name,
            self._settings.lock,
            key_arn=key_arn,
            region=region,
            options=self._options,
            opts=self._options.child(self),
        )

    def _rules(self) -> list[backup.PlanRuleArgs]:
        hour, minute = (int(part) for part in self._settings.start.split(":"))
        # Both begin on the first of a month: of two rules in one start window the longer keeping one counts.
        return [
            self._rule("daily", f"cron({minute} {hour} * * ? *)", self._settings.keep_days),
            self._rule("monthly", f"cron({minute} {hour} 1 * ? *)", self._settings.monthly_keep_days),
        ]

    def _rule(self, name: str, schedule: str, days: int) -> backup.PlanRuleArgs:
        copies = (
            [
                backup.PlanRuleCopyActionArgs(
                    destination_vault_arn=self.copies.arn,
                    lifecycle=backup.PlanRuleCopyActionLifecycleArgs(delete_after=days),
                )
            ]
            if self.copies is not None
            else None
        )
        return backup.PlanRuleArgs(
            rule_name=name,
            target_vault_name=self.vault.name,
            schedule=schedule,
            schedule_expression_timezone="Etc/UTC",
            start_window=START_MINUTES,
            completion_window=COMPLETION_MINUTES,
            lifecycle=backup.PlanRuleLifecycleArgs(delete_after=days),
            copy_actions=copies,
        )

    def _take(self, database_arn: pulumi.Output[str]) -> None:
        role = iam.Role(
            self._name,
            assume_role_policy=service_trust(SERVICE, account=self._place.account),
            opts=self._options.child(self),
        )
        grant = iam.RolePolicyAttachment(
            self._name,
            role=role.name,
            policy_arn=self._place.managed_policy("service-role/AWSBackupServiceRolePolicyForBackup"),
            opts=self._options.child(self),
        )
        granted = self._options.child(self, depends_on=[grant])
        backup.Selection(
            f"{self._name}-database",
            plan_id=self._plan.id,
            iam_role_arn=role.arn,
            resources=[database_arn],
            opts=granted,
        )
        tagged = backup.SelectionConditionStringEqualArgs(
            key=f"aws:ResourceTag/{BACKUP_TAG}", value=self._place.prefix
        )
        backup.Selection(
            f"{self._name}-volumes",
            plan_id=self._plan.id,
            iam_role_arn=role.arn,
            # The cluster makes them, so only their tag tells whose they are.
            resources=[every_volume(self._place)],
            conditions=[backup.SelectionConditionArgs(string_equals=[tagged])],
            opts=granted,
        )


def every_volume(place: Place) -> str:
    """ARNs of all EBS volumes, as AWS Backup wants them."""
    return f"arn:{place.partition}:ec2:*:*:volume/*"
