"""Log groups: kept long enough, and encrypted."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.remedy import Draft, is_unknown
from policies.lib.resources import Resource
from policies.lib.rule import Unknown, resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types

GROUP = types("aws:cloudwatch/logGroup:LogGroup")
DELIVERY = "DELIVERY"
"""A class of log groups that CloudWatch keeps for two days, whatever one asks for."""
_PERIODS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
_YEARS = (1096, 1827, 2192, 2557, 2922, 3288, 3653)


class Retention(Settings):
    """How long logs are kept."""

    days: int = Field(default=365, ge=1, le=3653, description="The least number of days.")


def _keep_long_enough(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, Retention)
    kind, days = draft.get("logGroupClass"), draft.get("retentionInDays")
    if kind == DELIVERY or is_unknown(kind) or is_unknown(days):
        return
    try:
        kept = float(days or 0)
    except (TypeError, ValueError):
        return
    if kept < settings.days:
        # CloudWatch takes none but these numbers.
        draft.put("retentionInDays", next(one for one in (*_PERIODS, *_YEARS) if one >= settings.days))


@resource_rule(
    "log-retention",
    GROUP,
    title="Logs are kept as long as an investigation may need them, and no log is kept for ever",
    why="An intrusion is found months later, by then without logs; without an end they cost more each month.",
    fix="Set retentionInDays to at least as many days as the rule's setting asks for.",
    severity=Severity.MEDIUM,
    refs="FSBP CloudWatch.16, CKV AWS_66, CKV AWS_338",
    dev="advisory",
    prod="remediate",
    settings=Retention,
    remedy=_keep_long_enough,
)
def retention(group: Resource, check: Check) -> None:
    wanted = check.settings(Retention).days
    days = group["retentionInDays"]
    kept = days.number(default=0)
    if kept >= wanted or group["logGroupClass"].text() == DELIVERY:
        return
    if kept == 0:
        check.violation(f"the logs never end, and are to be kept for {wanted} days or more", days)
    else:
        check.violation(f"the logs are kept for less than {wanted} days", days)


@resource_rule(
    "log-kms",
    GROUP,
    title="Logs are encrypted with a key of one's own",
    why="With a key of one's own, who can read logs is said, recorded and revoked in one place.",
    fix="Set kmsKeyId to the ARN of a KMS key whose policy allows CloudWatch Logs to use it.",
    severity=Severity.MEDIUM,
    refs="CKV AWS_158",
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    dev="advisory",
    prod="mandatory",
    unknown=Unknown.SET,
)
def encrypted(group: Resource, check: Check) -> None:
    if not group["kmsKeyId"].present:
        check.violation("the logs are encrypted with a key of AWS alone", group["kmsKeyId"])
