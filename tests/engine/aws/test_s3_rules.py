from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from infra.aws import bucket_policies
from infra.aws.documents import Statement, document
from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import World

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
DR_REGION = "eu-west-1"
KEY_ARN = f"arn:aws:kms:{DR_REGION}:{ACCOUNT}:key/mrk-0123456789abcdef0123456789abcdef"

# What the stack says about dumps.
AGE: dict[str, Any] = {
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 2},
    "expiration": {"days": 365},
    "filter": {"prefix": ""},
    "id": "age",
    "noncurrentVersionExpiration": {"noncurrentDays": 7},
    "status": "Enabled",
    "transitions": [
        {"days": 30, "storageClass": "STANDARD_IA"},
        {"days": 90, "storageClass": "GLACIER_IR"},
    ],
}


def test_dumps_age_as_the_stack_says(world: World) -> None:
    bucket = world.create(BUCKET, "aging", {})
    inputs = {"bucket": bucket.id, "rules": [AGE]}
    made = world.roundtrip(LIFECYCLE, inputs, "storage-backup")
    assert made.id == bucket.id
    assert made.outputs["transitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"

    # As of the buckets for logs and models: no transition, and for models no end.
    bare = {"bucket": bucket.id, "rules": [{**AGE, "transitions": [], "expiration": {"days": 90}}]}
    endless = {
        "bucket": bucket.id,
        "rules": [{**AGE, "transitions": [], "expiration": {"expiredObjectDeleteMarker": True}}],
    }
    other = {
        "bucket": bucket.id,
        "rules": [
            {
                "id": "tagged",
                "status": "Disabled",
                "filter": {"and": {"prefix": "dumps/", "tags": {"kept": "no"}}},
                "expiration": {"date": "2030-01-01T00:00:00Z"},
                "noncurrentVersionTransitions": [
                    {"noncurrentDays": 30, "storageClass": "GLACIER", "newerNoncurrentVersions": 2}
                ],
            },
            {**AGE, "filter": {"tag": {"key": "kept", "value": "yes"}}},
        ],
    }
    for new in (bare, endless, other, inputs):
        made = world.update(made, new)
        world.settled(made, new)
    reordered = {"bucket": bucket.id, "rules": [{**AGE, "transitions": AGE["transitions"][::-1]}]}
    assert world.diff(made, reordered).changed == {}
    assert world.diff(made, {**inputs, "bucket": "other"}).replaces == {"bucket"}
    world.gone(made)
    world.gone(bucket)


@pytest.mark.parametrize("taken", ["Expiration", "NoncurrentVersionExpiration", "Transitions"])
def test_a_rule_cut_short_by_hand_is_seen(world: World, taken: str) -> None:
    bucket = world.create(BUCKET, "cut", {})
    inputs = {"bucket": bucket.id, "rules": [AGE]}
    made = world.roundtrip(LIFECYCLE, inputs)
    s3 = world.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket.id)["Rules"]
    del rules[0][taken]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket.id, LifecycleConfiguration={"Rules": rules})

    seen = world.refresh(made)
    assert seen is not None
    (path,) = {path.split(".")[1] for path in world.diff(seen, inputs).changed}
    assert path.lower() == taken.lower()
    s3.delete_bucket_lifecycle(Bucket=bucket.id)
    assert world.refresh(made) is None
    world.gone(bucket)


@pytest.mark.parametrize(
    "rule",
    [
        {"filter": {"objectSizeGreaterThan": 1}},
        {"filter": {"and": {"prefix": "", "objectSizeLessThan": 9}}},
        {"noncurrentVersionExpiration": {"noncurrentDays": 7, "newerNoncurrentVersions": 2}},
    ],
)
def test_what_moto_would_forget_of_a_rule_is_refused(world: World, rule: dict[str, Any]) -> None:
    with pytest.raises(ResourceError, match="which moto forgets"):
        world.create(LIFECYCLE, "lost", {"bucket": "none", "rules": [{**AGE, **rule}]})


def test_a_lock_keeps_its_bucket_locked_when_its_rule_goes(world: World) -> None:
    bucket = world.create(BUCKET, "locked", {"objectLockEnabled": True})

    def inputs(**retention: Any) -> dict[str, Any]:
        return {"bucket": bucket.id, "rule": {"defaultRetention": retention}}

    governed = inputs(mode="GOVERNANCE", days=7)
    made = world.roundtrip(LOCK, governed, "storage-backup")
    assert made.id == bucket.id
    for new in (inputs(mode="COMPLIANCE", days=30), inputs(mode="GOVERNANCE", years=1), governed):
        made = world.update(made, new)
        world.settled(made, new)
    s3 = world.client("s3")
    lock = {"ObjectLockEnabled": "Enabled"}
    s3.put_object_lock_configuration(Bucket=bucket.id, ObjectLockConfiguration=lock)
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, governed).changed) == {"rule"}

    world.update(seen, governed)
    world.delete(made)
    assert s3.get_object_lock_configuration(Bucket=bucket.id)["ObjectLockConfiguration"] == lock
    world.settled(bucket, {"objectLockEnabled": True})
    world.gone(bucket)
    assert world.refresh(made) is None


def test_a_lock_on_a_bucket_made_without_is_refused(world: World) -> None:
    bucket = world.create(BUCKET, "open", {})
    inputs = {"bucket": bucket.id, "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 7}}}
    with pytest.raises(ResourceError, match="InvalidBucketState"):
        world.create(LOCK, "late", inputs)
    world.gone(bucket)


def _by_the_stack(bucket: str) -> str:
    # In the shape of the stack's own policy: lists, and a prefix above that of the log.
    deliver = Statement(
        sid="BucketLogs",
        actions=["s3:PutObject"],
        resources=[f"arn:aws:s3:::{bucket}/{bucket_policies.BUCKET_LOGS_PREFIX}/*"],
        principals={"Service": "logging.s3.amazonaws.com"},
        conditions={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    )
    return bucket_policies.bucket_policy(f"arn:aws:s3:::{bucket}", deliver)


def _to_somebody_else(bucket: str) -> str:
    deliver = Statement(
        sid="FlowLogs",
        actions=["s3:PutObject"],
        resources=[f"arn:aws:s3:::{bucket}/*"],
        principals={"Service": "delivery.logs.amazonaws.com"},
    )
    return document(deliver)


def _elsewhere(bucket: str) -> str:
    deliver = Statement(
        sid="BucketLogs",
        actions=["s3:PutObject"],
        resources=[f"arn:aws:s3:::{bucket}/alb/*"],
        principals={"Service": "logging.s3.amazonaws.com"},
    )
    return document(deliver)


def test_a_bucket_logs_to_one_that_lets_it(world: World) -> None:
    source = world.create(BUCKET, "source", {})
    # Moto delivers the logs.
    logs = world.create(BUCKET, "logs", {"forceDestroy": True})
    policy = world.create(POLICY, "logs", {"bucket": logs.id, "policy": _by_the_stack(str(logs.id))})
    inputs = {"bucket": source.id, "targetBucket": logs.id, "targetPrefix": "s3/backup/"}
    made = world.roundtrip(LOGGING, inputs, "storage-backup")
    assert made.id == source.id

    changed = {**inputs, "targetPrefix": "s3/dumps/"}
    after = world.update(made, changed)
    world.settled(after, changed)
    assert world.diff(after, {**changed, "bucket": "other"}).replaces == {"bucket"}
    world.client("s3").put_bucket_logging(Bucket=source.id, BucketLoggingStatus={})
    assert world.refresh(after) is None
    world.gone(made)
    for one in (policy, source, logs):
        world.gone(one)


@pytest.mark.parametrize("policy", [_to_somebody_else, _elsewhere, None])
def test_a_bucket_does_not_log_to_one_that_does_not_let_it(
    world: World, policy: Callable[[str], str] | None
) -> None:
    source, logs = world.create(BUCKET, "unheard", {}), world.create(BUCKET, "closed", {})
    if policy is not None:
        world.create(POLICY, "logs", {"bucket": logs.id, "policy": policy(str(logs.id))})
    inputs = {"bucket": source.id, "targetBucket": logs.id, "targetPrefix": "s3/backup/"}
    with pytest.raises(ResourceError, match="InvalidTargetBucketForLogging"):
        world.create(LOGGING, "refused", inputs)
    world.gone(source)
    world.gone(logs)


def test_dumps_are_copied_to_the_other_region_as_the_stack_says(world: World) -> None:
    source = world.create(BUCKET, "original", {"objectLockEnabled": True})
    copy = world.create(BUCKET, "copy", {"objectLockEnabled": True, "region": DR_REGION})
    rule: dict[str, Any] = {
        "deleteMarkerReplication": {"status": "Disabled"},
        "destination": {
            "bucket": copy.outputs["arn"],
            "encryptionConfiguration": {"replicaKmsKeyId": KEY_ARN},
            "metrics": {"eventThreshold": {"minutes": 15}, "status": "Enabled"},
            "replicationTime": {"status": "Enabled", "time": {"minutes": 15}},
            "storageClass": "STANDARD_IA",
        },
        "filter": {"prefix": ""},
        "id": "everything",
        "priority": 0,
        "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
        "status": "Enabled",
    }
    inputs = {"bucket": source.id, "role": f"arn:aws:iam::{ACCOUNT}:role/replication", "rules": [rule]}
    made = world.roundtrip(REPLICATION, inputs, "storage-replication")
    assert made.id == source.id

    changed = {
        **inputs,
        "role": f"arn:aws:iam::{ACCOUNT}:role/other",
        "rules": [
            {
                **rule,
                "deleteMarkerReplication": {"status": "Enabled"},
                "filter": {"and": {"prefix": "dumps/", "tags": {"kept": "yes"}}},
                "sourceSelectionCriteria": {
                    "replicaModifications": {"status": "Enabled"},
                    "sseKmsEncryptedObjects": {"status": "Disabled"},
                },
            },
            {**rule, "id": "second", "priority": 1, "status": "Disabled"},
        ],
    }
    after = world.update(made, changed)
    world.settled(after, changed)
    seen = world.refresh(made)
    assert seen is not None
    assert {path.split("[")[0] for path in world.diff(seen, inputs).changed} == {"role", "rules"}
    assert world.diff(after, {**changed, "bucket": "other"}).replaces == {"bucket"}
    world.client("s3").delete_bucket_replication(Bucket=source.id)
    assert world.refresh(after) is None
    world.gone(after)
    world.gone(source)
    world.gone(copy)
