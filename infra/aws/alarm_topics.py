"""Where alarms go: a topic for each severity, encrypted, and everybody who hears of it."""

from __future__ import annotations

import hashlib

import pulumi
from pulumi_aws import kms, sns

from infra.aws.alarm_spec import SEVERITIES, Severity
from infra.aws.documents import Statement, document
from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws_alarms import AlarmSettings, Recipients

PUBLISHERS = {
    "cloudwatch": "cloudwatch.amazonaws.com",
    "rds": "events.rds.amazonaws.com",
    "backup": "backup.amazonaws.com",
    "budgets": "budgets.amazonaws.com",
    "costs": "costalerts.amazonaws.com",
}
"""Services that publish, and say for whom: they may only for this account."""

EVENTS = "events.amazonaws.com"
"""EventBridge does not say for whom it publishes: a condition would drop every message, silently."""


class AlarmTopics(pulumi.ComponentResource):
    """`arns` by severity. The key is their own, so that whoever may read alarms cannot read anything else.

    Topics have names that are known in advance: their policies name them, and nothing ever replaces one.
    """

    def __init__(
        self,
        name: str,
        settings: AlarmSettings,
        *,
        key_deletion_days: int,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:AlarmTopics", name, None, opts)
        self._name = name
        self._place = place
        self._options = options
        key = kms.Key(
            name,
            description=f"{place.prefix}: alarms",
            policy=key_policy(place),
            enable_key_rotation=True,
            deletion_window_in_days=key_deletion_days,
            tags={"Name": f"{place.prefix}-alarms"},
            opts=options.key(self),
        )
        self.arns: dict[Severity, pulumi.Output[str]] = {
            severity: self._topic(severity, key).arn for severity in SEVERITIES
        }
        for severity in SEVERITIES:
            self._subscribe(severity, settings.heard_by[severity])
        self.register_outputs({"critical": self.arns["critical"], "warning": self.arns["warning"]})

    def _topic(self, severity: Severity, key: kms.Key) -> sns.Topic:
        name = f"{self._place.prefix}-{severity}"
        return sns.Topic(
            f"{self._name}-{severity}",
            name=name,
            display_name=f"{self._place.prefix} {severity}",
            kms_master_key_id=key.arn,
            policy=topic_policy(self._place.arn("sns", name), self._place),
            opts=self._options.child(self),
        )

    def _subscribe(self, severity: Severity, recipients: Recipients) -> None:
        for email in recipients.emails:
            sns.TopicSubscription(
                f"{self._name}-{severity}-{email_name(email)}",
                topic=self.arns[severity],
                protocol="email",
                endpoint=email,
                opts=self._options.child(self),
            )
        if recipients.pager_duty_url is not None:
            sns.TopicSubscription(
                f"{self._name}-{severity}-pager-duty",
                topic=self.arns[severity],
                protocol="https",
                endpoint=pulumi.Output.secret(recipients.pager_duty_url.get_secret_value()),
                endpoint_auto_confirms=True,
                opts=self._options.child(self),
            )


def email_name(address: str) -> str:
    """`email-<hash>`: the address's own wherever it is in the list, and URNs show no address."""
    return f"email-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def topic_policy(topic_arn: str, place: Place) -> str:
    """Services publish for this account; nobody subscribes but by the account's own IAM."""
    return document(
        Statement(
            sid="Account",
            actions=[
                "SNS:GetTopicAttributes",
                "SNS:ListSubscriptionsByTopic",
                "SNS:Publish",
                "SNS:SetTopicAttributes",
                "SNS:Subscribe",
            ],
            resources=[topic_arn],
            principals={"AWS": place.root},
        ),
        Statement(
            sid="Services",
            actions=["SNS:Publish"],
            resources=[topic_arn],
            principals={"Service": list(PUBLISHERS.values())},
            conditions={"StringEquals": {"aws:SourceAccount": place.account}},
        ),
        Statement(
            sid="Events", actions=["SNS:Publish"], resources=[topic_arn], principals={"Service": EVENTS}
        ),
    )


def key_policy(place: Place) -> str:
    """The account administers the key; the services that publish encrypt with it, for this account."""
    use = ("kms:Decrypt", "kms:GenerateDataKey*")
    return document(
        Statement(sid="Account", actions=["kms:*"], resources=["*"], principals={"AWS": place.root}),
        Statement(
            sid="Services",
            actions=use,
            resources=["*"],
            principals={"Service": list(PUBLISHERS.values())},
            conditions={"StringEquals": {"aws:SourceAccount": place.account}},
        ),
        Statement(sid="Events", actions=use, resources=["*"], principals={"Service": EVENTS}),
    )
