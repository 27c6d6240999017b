"""Buckets encrypted with a key of one's own."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.buckets import BUCKET, BucketRoles, either, holds_logs, said
from policies.lib.check import Check
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.types import types
from policies.lib.values import Value

ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
KMS = "aws:kms"
DOUBLE_KMS = "aws:kms:dsse"
"""Two layers; S3 has no bucket keys for it."""


@stack_rule(
    "s3-kms",
    types(BUCKET, ENCRYPTION),
    title="A bucket encrypts with a KMS key of its owner's, through a bucket key",
    why="Whoever may read the bucket can read S3's own encryption; a KMS key has a policy, a log and an end. "
    "Without a bucket key each object costs a request to KMS.",
    fix='Give the bucket a BucketServerSideEncryptionConfiguration with sseAlgorithm "aws:kms", a '
    "kmsMasterKeyId and bucketKeyEnabled true. Buckets tagged as logs may keep AES256.",
    severity=Severity.HIGH,
    refs="FSBP S3.17, CKV AWS_145",
    dev="advisory",
    prod="mandatory",
    settings=BucketRoles,
)
def default_encryption(stack: Stack, check: Check) -> None:
    for bucket in stack.of(BUCKET):
        with check.on(bucket):
            declared = said(
                stack,
                bucket,
                ENCRYPTION,
                "serverSideEncryptionConfiguration",
                "serverSideEncryptionConfigurations",
            )
            rules = [rule for one in declared for name in ("rules", "rule") for rule in one[name].items()]
            if not rules:
                _violated(check, bucket, "nothing sets the bucket's encryption")
            for rule in rules:
                _judge(check, bucket, rule)


def _judge(check: Check, bucket: Resource, rule: Value) -> None:
    default = either(rule, "applyServerSideEncryptionByDefault", "applyServerSideEncryptionByDefaults")
    algorithm, key, bucket_key = default["sseAlgorithm"], default["kmsMasterKeyId"], rule["bucketKeyEnabled"]
    with check.part():
        if algorithm.text() not in (KMS, DOUBLE_KMS):
            _violated(check, bucket, "objects are encrypted with S3's own key", algorithm)
            return
    with check.part():
        if not key.present:
            _violated(check, bucket, "no key is named, so that AWS takes its own", key)
        elif key.known and key.text().endswith("alias/aws/s3"):
            _violated(check, bucket, "the key is AWS's own", key)
    with check.part():
        if not bucket_key.truth(default=False) and algorithm.text() == KMS:
            _violated(check, bucket, "there is no bucket key", bucket_key)


def _violated(check: Check, bucket: Resource, what: str, at: Value | str = "") -> None:
    """S3 can deliver access logs only to a bucket with its own encryption."""
    if not holds_logs(bucket, check.settings(BucketRoles)):
        check.violation(what, at)
