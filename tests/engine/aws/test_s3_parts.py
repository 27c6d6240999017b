from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest

from infra.aws.bucket_policies import bucket_policy
from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import Made, World

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
DR_REGION = "eu-west-1"
KEY_ARN = f"arn:aws:kms:{DR_REGION}:{ACCOUNT}:key/mrk-0123456789abcdef0123456789abcdef"


@pytest.fixture
def bucket(world: World) -> Generator[Made]:
    made = world.create(BUCKET, "holder", {})
    yield made
    world.delete(made)


def test_versioning_is_suspended_when_it_is_taken_away(world: World, bucket: Made) -> None:
    def inputs(status: str) -> dict[str, Any]:
        return {"bucket": bucket.id, "versioningConfiguration": {"status": status}}

    made = world.roundtrip(VERSIONING, inputs("Enabled"), "storage-logs")
    assert made.id == bucket.id
    s3 = world.client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket.id)["Status"] == "Enabled"
    suspended = world.update(made, inputs("Suspended"))
    world.settled(suspended, inputs("Suspended"))
    with pytest.raises(ResourceError, match="cannot go back to 'Disabled'"):
        world.update(suspended, inputs("Disabled"))
    assert world.diff(made, {**inputs("Enabled"), "bucket": "other"}).replaces == {"bucket"}

    again = world.update(suspended, inputs("Enabled"))
    s3.put_bucket_versioning(Bucket=bucket.id, VersioningConfiguration={"Status": "Suspended"})
    seen = world.refresh(again)
    assert seen is not None
    assert set(world.diff(seen, inputs("Enabled")).changed) == {"versioningConfiguration.status"}
    world.update(seen, inputs("Enabled"))
    world.delete(made)
    assert s3.get_bucket_versioning(Bucket=bucket.id)["Status"] == "Suspended"


def test_versioning_that_was_never_on_is_left_alone(world: World, bucket: Made) -> None:
    inputs = {"bucket": bucket.id, "versioningConfiguration": {"status": "Disabled"}}
    made = world.roundtrip(VERSIONING, inputs)
    world.delete(made)
    assert "Status" not in world.client("s3").get_bucket_versioning(Bucket=bucket.id)


def test_public_access_is_blocked_switch_by_switch(world: World, bucket: Made) -> None:
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    inputs = {"bucket": bucket.id, **dict.fromkeys(switches, True)}
    made = world.roundtrip(PUBLIC_ACCESS, inputs)
    for switch in switches:
        one = {**inputs, switch: False}
        assert set(world.diff(made, one).changed) == {switch}
        world.settled(world.update(made, one), one)
    left_out = {"bucket": bucket.id, "blockPublicAcls": True}
    world.settled(world.update(made, left_out), left_out)
    found = world.client("s3").get_public_access_block(Bucket=bucket.id)["PublicAccessBlockConfiguration"]
    assert found == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": False,
        "IgnorePublicAcls": False,
        "RestrictPublicBuckets": False,
    }
    world.gone(made)

    kept = world.create(PUBLIC_ACCESS, "kept", {**inputs, "skipDestroy": True})
    world.delete(kept)
    assert world.refresh(kept) is not None


def test_ownership_changes_in_place(world: World, bucket: Made) -> None:
    inputs = {"bucket": bucket.id, "rule": {"objectOwnership": "BucketOwnerEnforced"}}
    made = world.roundtrip(OWNERSHIP, inputs)
    changed = {"bucket": bucket.id, "rule": {"objectOwnership": "BucketOwnerPreferred"}}
    world.settled(world.update(made, changed), changed)
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"rule.objectOwnership"}
    world.gone(made)


def test_a_bucket_policy_compares_by_what_it_says(world: World, bucket: Made) -> None:
    policy = bucket_policy(f"arn:aws:s3:::{bucket.id}")
    inputs = {"bucket": bucket.id, "policy": policy}
    made = world.roundtrip(POLICY, inputs)
    assert world.diff(made, {**inputs, "policy": json.dumps(json.loads(policy), indent=2)}).changed == {}

    document = json.loads(policy)
    document["Statement"] = document["Statement"][:1]
    changed = {**inputs, "policy": json.dumps(document)}
    world.settled(world.update(made, changed), changed)
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"policy"}
    world.client("s3").delete_bucket_policy(Bucket=bucket.id)
    assert world.refresh(made) is None
    world.gone(made)


def test_encryption_goes_from_amazons_key_to_ours(world: World, bucket: Made) -> None:
    amazons = {
        "bucket": bucket.id,
        "rules": [
            {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}
        ],
    }
    ours = {
        "bucket": bucket.id,
        "rules": [
            {
                "applyServerSideEncryptionByDefault": {"kmsMasterKeyId": KEY_ARN, "sseAlgorithm": "aws:kms"},
                "bucketKeyEnabled": True,
            }
        ],
    }
    made = world.roundtrip(ENCRYPTION, amazons)
    changed = world.update(made, ours)
    world.settled(changed, ours)
    world.client("s3").put_bucket_encryption(
        Bucket=bucket.id,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    seen = world.refresh(changed)
    assert seen is not None
    assert world.diff(seen, ours).changed, "our key was taken away, and nobody saw it"
    world.gone(made)
    ours["rules"][0]["blockedEncryptionTypes"] = ["SSE-C"]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ResourceError, match="knows no blockedEncryptionTypes"):
        world.create(ENCRYPTION, "blocking", ours)


def test_parts_of_a_bucket_in_another_region_are_made_there(world: World) -> None:
    there = world.create(BUCKET, "copy", {"region": DR_REGION})
    inputs = {
        "bucket": there.id,
        "region": DR_REGION,
        "versioningConfiguration": {"status": "Enabled"},
    }
    made = world.roundtrip(VERSIONING, inputs)
    assert world.diff(made, {**inputs, "region": "eu-north-1"}).replaces == {"region"}
    world.delete(there)


def test_the_parts_go_with_their_bucket(world: World) -> None:
    bucket = world.create(BUCKET, "short-lived", {})
    name = bucket.id
    parts = [
        world.create(VERSIONING, "v", {"bucket": name, "versioningConfiguration": {"status": "Enabled"}}),
        world.create(PUBLIC_ACCESS, "a", {"bucket": name}),
        world.create(OWNERSHIP, "o", {"bucket": name, "rule": {"objectOwnership": "BucketOwnerEnforced"}}),
        world.create(POLICY, "p", {"bucket": name, "policy": bucket_policy(f"arn:aws:s3:::{name}")}),
    ]
    world.delete(bucket)
    for part in parts:
        assert world.refresh(part) is None
        world.delete(part)


def test_an_expected_owner_is_part_of_the_id(world: World, bucket: Made) -> None:
    inputs = {
        "bucket": bucket.id,
        "expectedBucketOwner": ACCOUNT,
        "versioningConfiguration": {"status": "Enabled"},
    }
    made = world.roundtrip(VERSIONING, inputs)
    assert made.id == f"{bucket.id},{ACCOUNT}"
    bare = {name: value for name, value in inputs.items() if name != "expectedBucketOwner"}
    assert world.diff(made, bare).replaces == {"expectedBucketOwner"}
