"""What AWS says by itself: RDS of its databases, Health of its services, GuardDuty of what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_aws import cloudwatch, rds

from infra.aws.alarm_spec import Severity
from infra.aws.place import Place
from infra.options import Options

RDS_EVENTS: dict[str, tuple[str, str, Severity]] = {
    "db-instance-critical": ("db-instance", "failover, failure, low storage", "critical"),
    "db-instance": (
        "db-instance",
        "availability, configuration change, failure, maintenance, recovery",
        "warning",
    ),
    "db-parameter-group": ("db-parameter-group", "configuration change", "warning"),
    "db-security-group": ("db-security-group", "configuration change, failure", "warning"),
}
"""Kind of source, categories, and who hears of them. All databases of the account in the region, also those
to come: RDS takes no pattern for names, and a restored copy has a new one."""

EVENTS: dict[str, tuple[dict[str, Any], Severity]] = {
    "aws-health": (
        {
            "source": ["aws.health"],
            "detail-type": ["AWS Health Event"],
            "detail": {"eventTypeCategory": ["issue", "scheduledChange"]},
        },
        "warning",
    ),
    # Where GuardDuty is off, nothing matches; a rule costs nothing. Severities of 7 and more are its "high".
    "findings": (
        {
            "source": ["aws.guardduty"],
            "detail-type": ["GuardDuty Finding"],
            "detail": {"severity": [{"numeric": [">=", 7]}]},
        },
        "critical",
    ),
}
"""Patterns of EventBridge, and who hears of what they match."""


class AlarmEvents(pulumi.ComponentResource):
    """Subscriptions and rules. Messages go out as AWS words them: Slack shows no others."""

    def __init__(
        self,
        name: str,
        *,
        topics: Mapping[Severity, pulumi.Output[str]],
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:AlarmEvents", name, None, opts)
        for what, (source, categories, severity) in RDS_EVENTS.items():
            rds.EventSubscription(
                f"{name}-{what}",
                name=f"{place.prefix}-{what}",
                source_type=source,
                event_categories=categories.split(", "),
                sns_topic=topics[severity],
                opts=options.child(self),
            )
        for what, (pattern, severity) in EVENTS.items():
            rule = cloudwatch.EventRule(
                f"{name}-{what}",
                name=f"{place.prefix}-{what}",
                description=f"Runbook: {what}",
                event_pattern=json.dumps(pattern),
                opts=options.child(self),
            )
            cloudwatch.EventTarget(
                f"{name}-{what}",
                rule=rule.name,
                target_id=severity,
                arn=topics[severity],
                opts=options.child(self),
            )
        self.register_outputs({})
