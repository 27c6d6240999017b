"""What watches over the stack once everything exists: today who is told."""

from __future__ import annotations

import pulumi

from infra.aws.alarm_topics import AlarmTopics
from infra.aws.parts import StackParts
from infra.options import Options
from infra.settings.aws import AwsSettings


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
