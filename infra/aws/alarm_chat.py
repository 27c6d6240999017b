"""Slack channels that hear alarms, through Amazon Q Developer in chat applications (once called Chatbot)."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_aws import chatbot, iam

from infra.aws.alarm_spec import SEVERITIES, Severity
from infra.aws.documents import Statement, document, unconditional_trust
from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws_alarms import AlarmSettings


class AlarmChat(pulumi.ComponentResource):
    """One configuration for each channel: AWS takes a channel once, with all the topics that it hears.

    What people type there can look at alarms and their figures, and at nothing else: without a guardrail
    AWS would let a channel do all that its role may.
    """

    def __init__(
        self,
        name: str,
        settings: AlarmSettings,
        *,
        workspace: str,
        topics: Mapping[Severity, pulumi.Output[str]],
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:AlarmChat", name, None, opts)
        role = iam.Role(
            name,
            description=f"{place.prefix}: what may be asked in Slack",
            assume_role_policy=unconditional_trust("chatbot.amazonaws.com"),
            opts=options.child(self),
        )
        iam.RolePolicy(name, role=role.name, policy=look_at_alarms(), opts=options.child(self))
        for channel, severities in channels(settings).items():
            heard = "-".join(severities)
            chatbot.SlackChannelConfiguration(
                f"{name}-{heard}",
                configuration_name=f"{place.prefix}-{heard}",
                slack_team_id=workspace,
                slack_channel_id=channel,
                sns_topic_arns=[topics[severity] for severity in severities],
                iam_role_arn=role.arn,
                guardrail_policy_arns=[place.managed_policy("CloudWatchReadOnlyAccess")],
                logging_level="ERROR",
                opts=options.child(self),
            )
        self.register_outputs({})


def channels(settings: AlarmSettings) -> dict[str, tuple[Severity, ...]]:
    """Severities by the channel that hears of them."""
    found: dict[str, tuple[Severity, ...]] = {}
    for severity in SEVERITIES:
        channel = settings.heard_by[severity].slack_channel
        if channel is not None:
            found[channel] = (*found.get(channel, ()), severity)
    return found


def look_at_alarms() -> str:
    """Read alarms and the metrics behind them, for the graph below a message."""
    return document(
        Statement(
            sid="LookAtAlarms",
            actions=[
                "cloudwatch:DescribeAlarms",
                "cloudwatch:GetMetricData",
                "cloudwatch:GetMetricStatistics",
                "cloudwatch:ListMetrics",
            ],
            resources=["*"],
        )
    )
