"""Buckets that nobody outside can read, and that own what is in them."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.buckets import BUCKET
from policies.lib.check import Check
from policies.lib.remedy import Draft
from policies.lib.resources import Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types

BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
ENFORCED = "BucketOwnerEnforced"


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


def _enforce_the_owner(draft: Draft, _: Settings) -> None:
    if draft.type == OWNERSHIP:
        draft.put("rule.objectOwnership", ENFORCED)


@stack_rule(
    "s3-owner-enforced",
    types(BUCKET, OWNERSHIP),
    title="A bucket owns every object in it, and has no ACLs",
    why="With ACLs an object can be public, or belong to whoever wrote it, whatever the policy says.",
    fix="Give the bucket BucketOwnershipControls with objectOwnership BucketOwnerEnforced.",
    severity=Severity.MEDIUM,
    refs="FSBP S3.12, CKV 2_AWS_65",
    dev="advisory",
    prod="mandatory",
    remedy=_enforce_the_owner,
)
def owner_enforced(stack: Stack, check: Check) -> None:
    for bucket in stack.of(BUCKET):
        with check.on(bucket):
            controls = stack.companions(bucket, OWNERSHIP, "bucket")
            if not controls:  # S3's own default depends on how old the bucket is
                check.violation("nothing says who owns the bucket's objects")
            for one in controls:
                with check.part():
                    ownership = one["rule.objectOwnership"]
                    if ownership.text() != ENFORCED:
                        check.violation(f"{one.name} leaves ACLs on", ownership)
