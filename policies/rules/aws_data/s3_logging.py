"""Who read and wrote a bucket is on record."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.buckets import BUCKET, BucketRoles, role
from policies.lib.check import Check
from policies.lib.resources import Resource, Stack, identities
from policies.lib.rule import stack_rule
from policies.lib.types import types

LOGGING = "aws:s3/bucketLogging:BucketLogging"


@stack_rule(
    "s3-access-logs",
    types(BUCKET, LOGGING),
    title="A bucket's accesses are logged to another bucket",
    why="After a leak nobody can say what was read, and by whom.",
    fix="Give the bucket a BucketLogging whose targetBucket is a bucket for logs.",
    severity=Severity.MEDIUM,
    refs="FSBP S3.9, CKV AWS_18",
    dev="advisory",
    prod="mandatory",
    settings=BucketRoles,
    departs="Copies of backups in another region need none: S3 logs only within a region, nothing but "
    "replication writes to them, and their source's log says who made it do so.",
)
def access_logs(stack: Stack, check: Check) -> None:
    for bucket in stack.of(BUCKET):
        with check.on(bucket):
            problem = _problem(stack, bucket)
            if problem and not _exempt(bucket, check.settings(BucketRoles)):
                check.violation(problem)


def _problem(stack: Stack, bucket: Resource) -> str:
    """What is wrong with where the bucket logs to; empty if nothing."""
    declared = stack.companions(bucket, LOGGING, "bucket")
    for one in declared:
        if not one["targetBucket"].present:
            return "its logging has no target"
        if stack.target(one, "targetBucket", BUCKET) is bucket:
            return "it logs to itself, and each log is an access again"
    if declared:
        return ""
    targets = [one["targetBucket"] for name in ("logging", "loggings") for one in bucket[name].items()]
    if not any(target.present for target in targets):
        return "nothing logs who uses the bucket"
    if any(target.text() in identities(bucket) for target in targets):
        return "it logs to itself, and each log is an access again"
    return ""


def _exempt(bucket: Resource, roles: BucketRoles) -> bool:
    return role(bucket, roles) in (*roles.logs, *roles.backup_copies)
