"""What a bucket no longer needs goes; backups stay as long as they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.buckets import BUCKET, BucketRoles, either, holds_backups
from policies.lib.check import Check
from policies.lib.logic import any_holds
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.types import types
from policies.lib.values import Value

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


class BackupLife(BucketRoles):
    """How long backups live."""

    backup_days: int = Field(default=35, ge=1, description="The least number of days that backups stay.")


@stack_rule(
    "s3-lifecycle",
    types(BUCKET, LIFECYCLE),
    title="Old versions and broken uploads end, and backups do not end too early",
    why="Versions and parts of uploads that nobody sees are paid for ever, and may not be kept for ever; a "
    "backup that is gone before its time is missed on the one day that matters.",
    fix="Give the bucket a BucketLifecycleConfiguration with an enabled rule for all objects that has "
    "noncurrentVersionExpiration and abortIncompleteMultipartUpload; let backups live as long as the "
    "rule's setting asks for.",
    severity=Severity.LOW,
    refs="FSBP S3.10, FSBP S3.13, CKV 2_AWS_61, CKV AWS_300",
    dev="advisory",
    prod="mandatory",
    settings=BackupLife,
)
def lifecycle(stack: Stack, check: Check) -> None:
    for bucket in stack.of(BUCKET):
        with check.on(bucket):
            rules = _rules(stack, bucket)
            if not rules:
                check.violation("nothing ends what the bucket no longer needs")
                continue
            with check.part():
                if not _some(rules, lambda rule: _for_all(rule) and _old_versions_end(rule)):
                    check.violation("no rule for all objects ends old versions")
            with check.part():
                if not _some(rules, lambda rule: _for_all(rule) and _broken_uploads_end(rule)):
                    check.violation("no rule for all objects ends broken uploads")
            for rule in rules:
                with check.part():
                    _judge_end(rule, bucket, check)


def _rules(stack: Stack, bucket: Resource) -> list[Value]:
    configs = stack.companions(bucket, LIFECYCLE, "bucket")
    if configs:
        return [rule for one in configs for rule in one["rules"].items()]
    return bucket["lifecycleRules"].items()


def _some(rules: Sequence[Value], wanted: Callable[[Value], bool]) -> bool:
    return any_holds(*(lambda rule=rule: _is_on(rule) and wanted(rule) for rule in rules))


def _is_on(rule: Value) -> bool:
    """By the companion's `status`, or the bucket's own `enabled`."""
    if rule["status"].present:
        return rule["status"].text() == "Enabled"
    return rule["enabled"].truth(default=False)


def _for_all(rule: Value) -> bool:
    """Whether it applies to every object: it has no prefix, tag or size."""
    where = either(rule, "filter")
    return (
        not rule["prefix"].text()
        and not where["prefix"].text()
        and not where["and"].entries()
        and not where["tag"].entries()
        and not rule["tags"].entries()
        and where["objectSizeGreaterThan"].number(default=0) <= 0
        and where["objectSizeLessThan"].number(default=0) <= 0
    )


def _old_versions_end(rule: Value) -> bool:
    end = either(rule, "noncurrentVersionExpiration", "noncurrentVersionExpirations")
    return end["noncurrentDays"].number(default=0) > 0 or end["days"].number(default=0) > 0


def _broken_uploads_end(rule: Value) -> bool:
    days = rule.at("abortIncompleteMultipartUpload.daysAfterInitiation").number(default=0)
    return days > 0 or rule["abortIncompleteMultipartUploadDays"].number(default=0) > 0


def _judge_end(rule: Value, bucket: Resource, check: Check) -> None:
    life = check.settings(BackupLife)
    end = either(rule, "expiration", "expirations")
    # A date is the same for all: what is written the day before lives a day.
    where = end["date"] if end["date"].present else end["days"]
    early = end["date"].present or 0 < end["days"].number(default=0) < life.backup_days
    if early and _is_on(rule) and holds_backups(bucket, life):
        check.violation(f"backups end before {life.backup_days} days", where)
