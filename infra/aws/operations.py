"""What watches over the stack once everything exists: who is told, of alarms and of costs."""

from __future__ import annotations

import pulumi

from infra.aws.alarm_chat import AlarmChat
from infra.aws.alarm_events import AlarmEvents
from infra.aws.alarm_subjects import facts_of, subjects_of
from infra.aws.alarm_table import alarm_table
from infra.aws.alarm_topics import AlarmTopics
from infra.aws.alarms import Alarms
from infra.aws.backup_plan import BackupPlan
from infra.aws.budget import Budget
from infra.aws.metric_publisher import MetricPublisher, look_at_instance
from infra.aws.parts import StackParts
from infra.aws.restore_test import RestoreTest
from infra.options import Options
from infra.ports import Site
from infra.settings import Settings
from infra.settings.aws_alarms import AlarmSettings
from infra.settings.aws_recovery import RecoverySettings
from infra.workloads.heartbeat import WORKLOAD as HEARTBEAT
from infra.workloads.heartbeat import Heartbeat
from infra.workloads.namespace import NAME as NAMESPACE


class Operations:
    """Alarms and the budget, where the settings name somebody to tell; and AWS Backup."""

    def __init__(
        self,
        settings: Settings,
        parts: StackParts,
        *,
        site: Site,
        options: Options,
        opts: pulumi.ResourceOptions,
    ) -> None:
        assert settings.aws is not None  # the platform has it
        aws = settings.aws
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
        self.budget = (
            Budget(
                "budget",
                aws.budget,
                stack=pulumi.get_stack(),
                topic_arn=self.topics.arns["warning"] if self.topics else None,
                place=parts.place,
                options=options,
                opts=opts,
            )
            if aws.budget
            else None
        )
        self._parts, self._options, self._opts = parts, options, opts
        self.backups = self._backups(aws.recovery) if aws.recovery else None
        if aws.alarms is not None and self.topics is not None:
            self._alarms(settings, aws.alarms, self.topics)
            self._heartbeat(site)

    def _alarms(self, settings: Settings, alarms: AlarmSettings, topics: AlarmTopics) -> None:
        parts = self._parts
        vaults = {"backups": self.backups.vault} if self.backups else {}
        Alarms(
            "alarms",
            alarm_table(facts_of(settings, alarms, parts, vaults)),
            subjects=subjects_of(parts, vaults),
            topics=topics.arns,
            runbooks=alarms.runbooks,
            place=parts.place,
            options=self._options,
            opts=self._opts,
        )

        AlarmEvents(
            "alarm-events", topics=topics.arns, place=parts.place, options=self._options, opts=self._opts
        )
        if alarms.slack_workspace is not None:
            AlarmChat(
                "alarm-chat",
                alarms,
                workspace=alarms.slack_workspace,
                topics=topics.arns,
                place=parts.place,
                options=self._options,
                opts=self._opts,
            )

    def _heartbeat(self, site: Site) -> None:
        parts = self._parts
        publisher = MetricPublisher(
            "heartbeat-metrics",
            workload=HEARTBEAT,
            documents={"database": parts.database.arn.apply(look_at_instance)},
            namespace=site.namespace,
            namespace_name=NAMESPACE,
            cluster=parts.cluster,
            place=parts.place,
            options=self._options,
            opts=self._opts,
        )
        Heartbeat("heartbeat", site=site, sink=publisher.sink, database_instance=parts.database.identifier)

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
