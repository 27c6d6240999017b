"""What is deleted or overwritten in a bucket is not gone."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.buckets import BUCKET, said
from policies.lib.check import Check
from policies.lib.remedy import Draft, put
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value

VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"


def _keep_versions(draft: Draft, _: Settings) -> None:
    if draft.type == VERSIONING:
        draft.put("versioningConfiguration.status", "Enabled")
    elif draft.get("versioning.enabled") is not None:
        draft.put("versioning.enabled", value=True)


def _status(declared: Value) -> tuple[bool, Value]:
    """Whether versions are kept, and what says so: the companion's `status`, or a bucket's own `enabled`."""
    status = declared.at("versioningConfiguration.status")
    if status.present:
        return status.text() == "Enabled", status
    return declared["enabled"].truth(default=False), declared["enabled"]


@stack_rule(
    "s3-versioning",
    types(BUCKET, VERSIONING),
    title="A bucket keeps earlier versions of its objects",
    why="Without versions a wrong deletion or overwrite is final, and neither replication nor a lock works.",
    fix='Give the bucket a BucketVersioning whose versioningConfiguration.status is "Enabled".',
    severity=Severity.MEDIUM,
    refs="FSBP S3.14, CKV AWS_21",
    dev="advisory",
    prod="mandatory",
    remedy=_keep_versions,
)
def versioning(stack: Stack, check: Check) -> None:
    for bucket in stack.of(BUCKET):
        with check.on(bucket):
            declared = said(stack, bucket, VERSIONING, "versioning", "versionings")
            if not declared:
                check.violation("nothing keeps earlier versions")
            for one in declared:
                with check.part():
                    kept, where = _status(one)
                    if not kept:
                        check.violation("earlier versions are not kept", where)


@resource_rule(
    "s3-no-force-destroy",
    types(BUCKET),
    title="Deleting a bucket does not delete what is in it",
    why="With forceDestroy a destroy, or a replacement that nobody noticed, empties the bucket first.",
    fix="Set forceDestroy to false, or leave it out.",
    severity=Severity.HIGH,
    refs="",
    url="https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/#forcedestroy_python",
    dev="advisory",
    prod="mandatory",
    remedy=put("forceDestroy", value=False),
)
def no_force_destroy(bucket: Resource, check: Check) -> None:
    force = bucket["forceDestroy"]
    if force.truth(default=False):
        check.violation("the bucket goes with all that is in it", force)
