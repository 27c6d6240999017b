"""Buckets that nobody outside can read."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.remedy import Draft
from policies.lib.resources import Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types

BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _block_everything(draft: Draft, _: Settings) -> None:
    if draft.type == BLOCK:
        for flag in FLAGS:
            draft.put(flag, value=True)


@stack_rule(
    "s3-bpa",
    types(BUCKET, BLOCK),
    title="Every bucket blocks public access in all four ways",
    why="One wrong policy or ACL makes a bucket public; the block holds even then.",
    fix="Give the bucket a BucketPublicAccessBlock with all four flags true.",
    severity=Severity.CRITICAL,
    refs="FSBP S3.8, CIS 2.1.4, CKV 2_AWS_6",
    dev="mandatory",
    prod="mandatory",
    remedy=_block_everything,
)
def public_access_block(stack: Stack, check: Check) -> None:
    for bucket in stack.of(BUCKET):
        with check.on(bucket):
            blocks = stack.companions(bucket, BLOCK, "bucket")
            if not blocks:
                check.violation("nothing blocks public access to the bucket")
            for block in blocks:
                for flag in FLAGS:
                    with check.part():
                        if not block[flag].truth(default=False):
                            check.violation(f"{block.name} leaves {flag} off", block[flag])
