"""Backups that nobody can delete, whoever they are."""

from __future__ import annotations

from typing import Literal

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.buckets import BUCKET, BucketRoles, either, holds_backups, said
from policies.lib.check import Check
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import CreateOnly, Settings
from policies.lib.types import types
from policies.lib.values import Value

LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
_DAYS_PER_YEAR = 365


class Lock(BucketRoles, CreateOnly):
    """How backups are locked."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(
        default="COMPLIANCE",
        description="What they are locked by, at the least: GOVERNANCE has a way around it.",
    )
    days: int = Field(default=7, ge=1, description="The least number of days that they are locked for.")


def _lock_from_the_start(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, Lock)
    tags = draft.get("tags")
    purpose = tags.get(settings.role_tag) if hasattr(tags, "get") else None
    if draft.type == BUCKET and purpose in (*settings.backups, *settings.backup_copies):
        draft.put("objectLockEnabled", value=True)


@stack_rule(
    "s3-object-lock",
    types(BUCKET, LOCK),
    title="Backups in a bucket are locked against deletion for a while",
    why="Who takes over an administrator's role deletes the backups first. A lock in mode COMPLIANCE stops "
    "even the account's root.",
    fix="Make buckets of backups with objectLockEnabled true, and give them a BucketObjectLockConfiguration "
    "whose default retention has the mode and days that the rule's settings ask for.",
    severity=Severity.HIGH,
    refs="FSBP S3.15, CKV AWS_143",
    dev="advisory",
    prod="mandatory",
    settings=Lock,
    remedy=_lock_from_the_start,
)
def object_lock(stack: Stack, check: Check) -> None:
    for bucket in stack.of(BUCKET):
        with check.on(bucket):
            if holds_backups(bucket, check.settings(Lock)):
                _judge(stack, bucket, check)


def _judge(stack: Stack, bucket: Resource, check: Check) -> None:
    with check.part():
        enabled = bucket["objectLockEnabled"]
        older = bucket["objectLockConfiguration.objectLockEnabled"]
        if not enabled.truth(default=False) and older.text() != "Enabled":
            check.violation("the bucket was not made with a lock", enabled)
    with check.part():
        kept = [_retention(one) for one in said(stack, bucket, LOCK, "objectLockConfiguration")]
        if not any(one.present for one in kept):
            check.violation("nothing locks what is written to the bucket")
        for one in kept:
            _judge_retention(one, check)


def _retention(declared: Value) -> Value:
    return either(either(declared, "rule", "rules"), "defaultRetention", "defaultRetentions")


def _judge_retention(retention: Value, check: Check) -> None:
    wanted = check.settings(Lock)
    if not retention.present:
        return
    with check.part():
        mode = retention["mode"]
        if mode.text() not in ("COMPLIANCE", wanted.mode):
            check.violation(f"the lock is not in mode {wanted.mode}", mode)
    with check.part():
        days, years = retention["days"], retention["years"]
        if days.number(default=0) < wanted.days and years.number(default=0) * _DAYS_PER_YEAR < wanted.days:
            check.violation(f"the lock holds for less than {wanted.days} days", days)
