"""What watches over the stack once everything exists: today who is told."""

from __future__ import annotations

import pulumi

from infra.aws.alarm_topics import AlarmTopics
from infra.aws.backup_plan import BackupPlan
from infra.aws.parts import StackParts
from infra.aws.restore_test import RestoreTest
from infra.options import Options
from infra.settings.aws import AwsSettings
from infra.settings.aws_recovery import RecoverySettings


class Operations:
    """Alarms' topics, where the settings name somebody to tell."""

    def __init__(
        self, aws: AwsSettings, parts: StackParts, *, options: Options, opts: pulumi.ResourceOptions
    ) -> None:
        self.topics = (
            AlarmTopics(
                "alarm-topics",
                aws.alarms,
                key_deletion_days=aws.key_deletion_days,
                place=parts.place,
                options=options,
                opts=opts,
            )
            if aws.alarms
            else None
        )
        self._parts, self._options, self._opts = parts, options, opts
        self.backups = self._backups(aws.recovery) if aws.recovery else None

    def _backups(self, settings: RecoverySettings) -> BackupPlan:
        parts = self._parts
        plan = BackupPlan(
            "backup",
            settings,
            database_arn=parts.database.arn,
            keys=parts.keys,
            place=parts.place,
            options=self._options,
            opts=self._opts,
        )
        if self.topics is not None:
            plan.tell(self.topics.arns["warning"])
        if settings.restore_test is not None:
            RestoreTest(
                "restore-test",
                settings.restore_test,
                vault=plan.vault,
                database_arn=parts.database.arn,
                network=parts.network,
                place=parts.place,
                options=self._options,
                opts=self._opts,
            )
        return plan
