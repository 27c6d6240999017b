from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.emulator.child import Emulated
from local.plugins.aws.lifecycle import UnfinishedError
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, Made, World

BUCKET = "aws:s3/bucket:Bucket"
DR_REGION = "eu-west-1"
LOGS: dict[str, Any] = {
    "bucketPrefix": "roost-prod-logs-",
    "forceDestroy": False,
    "objectLockEnabled": False,
    "tags": {"Name": "roost-prod-logs", "role": "logs"},
}
BACKUP: dict[str, Any] = {
    "bucketPrefix": "roost-prod-backup-",
    "forceDestroy": False,
    "objectLockEnabled": True,
    "tags": {"Name": "roost-prod-backup", "role": "backup"},
}


def locked_object(world: World, bucket: Made, mode: str) -> str:
    """Its version."""
    until = datetime.now(UTC) + timedelta(days=1)
    put = world.client("s3").put_object(
        Bucket=bucket.id, Key="dump", Body=b"x", ObjectLockMode=mode, ObjectLockRetainUntilDate=until
    )
    return put["VersionId"]


def test_a_bucket_has_the_outputs_of_the_real_provider(world: World) -> None:
    made = world.roundtrip(BUCKET, LOGS, "storage-logs")

    name = str(made.id)
    assert name.startswith("roost-prod-logs-")
    assert {
        key: made.outputs[key] for key in made.outputs if key.startswith(("bucket", "arn", "hosted"))
    } == {
        "arn": f"arn:aws:s3:::{name}",
        "bucket": name,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketPrefix": "roost-prod-logs-",
        "bucketRegion": REGION,
        "bucketRegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com",
        "hostedZoneId": "Z21DNDUVLTQW6Q",
    }
    assert made.outputs["objectLockEnabled"] is False
    world.gone(made)


def test_a_bucket_can_be_in_another_region_than_the_provider(world: World) -> None:
    inputs = {**BACKUP, "bucketPrefix": "roost-prod-backup-copy-", "region": DR_REGION}
    made = world.roundtrip(BUCKET, inputs, "storage-backup-copy")

    assert made.outputs["bucketRegion"] == DR_REGION
    assert made.outputs["hostedZoneId"] == "Z1BKCTXD74EZPE"
    found = world.client("s3", DR_REGION).get_bucket_location(Bucket=made.id)
    assert found["LocationConstraint"] == DR_REGION
    assert world.diff(made, {**inputs, "region": "eu-north-1"}).replaces == {"region"}
    world.gone(made)


def test_the_region_without_a_location_has_buckets_too(world: World) -> None:
    inputs = {"bucket": "roost-at-home", "region": "us-east-1"}
    made = world.roundtrip(BUCKET, inputs)
    with pytest.raises(ResourceError, match="roost-at-home exists already"):
        world.create(BUCKET, "again", inputs)
    world.gone(made)


def test_tags_of_a_bucket_change_in_place_and_its_lock_does_not(world: World) -> None:
    made = world.roundtrip(BUCKET, LOGS)
    inputs = {**LOGS, "tags": {"role": "audit"}, "forceDestroy": True}
    changed = world.update(made, inputs)
    world.settled(changed, inputs)
    s3 = world.client("s3")
    assert s3.get_bucket_tagging(Bucket=made.id)["TagSet"] == [{"Key": "role", "Value": "audit"}]

    bare = {name: value for name, value in LOGS.items() if name != "tags"}
    world.settled(world.update(changed, bare), bare)
    assert world.diff(made, {**LOGS, "objectLockEnabled": True}).replaces == {"objectLockEnabled"}
    assert world.diff(made, {**LOGS, "bucketPrefix": "other-"}).replaces >= {"bucketPrefix"}
    world.gone(made)


def test_a_bucket_tagged_or_deleted_by_hand_is_seen(world: World) -> None:
    made = world.roundtrip(BUCKET, LOGS)
    s3 = world.client("s3")
    s3.put_bucket_tagging(Bucket=made.id, Tagging={"TagSet": [{"Key": "role", "Value": "theirs"}]})
    seen = world.refresh(made)
    assert seen is not None
    assert {path.split(".")[0] for path in world.diff(seen, LOGS).changed} == {"tags", "tagsAll"}

    s3.delete_bucket(Bucket=made.id)
    assert world.refresh(made) is None


def test_a_bucket_whose_tags_failed_is_in_the_state_and_gets_them_later(
    world: World, emulated: Emulated
) -> None:
    emulated.fail("s3", "PutBucketTagging", code="AccessDenied", message="not today")
    with pytest.raises(UnfinishedError, match="not today") as failed:
        world.create(BUCKET, "half", LOGS)
    half = Made(BUCKET, "half", failed.value.stored)
    assert half.outputs["arn"] == f"arn:aws:s3:::{half.id}"

    whole = world.update(half, LOGS)
    world.settled(whole, LOGS)
    world.gone(whole)


def test_a_bucket_can_be_imported(world: World) -> None:
    made = world.create(BUCKET, "imported", {"bucket": "roost-imported"})
    imported = world.import_(BUCKET, "roost-imported")
    assert imported is not None
    assert imported.inputs["bucket"] == "roost-imported"
    assert world.import_(BUCKET, "roost-of-nobody") is None
    world.gone(made)


@pytest.mark.parametrize("left", ["object", "version", "delete marker"])
def test_a_bucket_with_anything_in_it_is_not_deleted(world: World, left: str) -> None:
    made = world.roundtrip(BUCKET, LOGS)
    s3 = world.client("s3")
    if left != "object":
        s3.put_bucket_versioning(Bucket=made.id, VersioningConfiguration={"Status": "Enabled"})
    put = s3.put_object(Bucket=made.id, Key="alb/log", Body=b"x")
    if left != "object":
        s3.delete_object(Bucket=made.id, Key="alb/log")
    if left == "delete marker":
        s3.delete_object(Bucket=made.id, Key="alb/log", VersionId=put["VersionId"])

    with pytest.raises(ResourceError, match="holds objects or versions"):
        world.delete(made)
    assert world.refresh(made) is not None
    world.gone(world.update(made, {**LOGS, "forceDestroy": True}))


def test_force_overrides_governance_but_not_compliance(world: World) -> None:
    governed = world.create(BUCKET, "governed", {**BACKUP, "forceDestroy": True})
    locked_object(world, governed, "GOVERNANCE")
    world.gone(governed)

    complied = world.create(BUCKET, "complied", {**BACKUP, "forceDestroy": True})
    version = locked_object(world, complied, "COMPLIANCE")
    with pytest.raises(ResourceError, match="its object dump stays"):
        world.delete(complied)
    found = world.client("s3").list_object_versions(Bucket=complied.id)["Versions"]
    assert [one["VersionId"] for one in found] == [version]


def test_a_locked_bucket_with_a_dump_in_it_stays(world: World) -> None:
    made = world.roundtrip(BUCKET, BACKUP)
    assert made.outputs["objectLockEnabled"] is True
    locked_object(world, made, "GOVERNANCE")
    with pytest.raises(ResourceError, match="holds objects or versions"):
        world.delete(made)


def test_a_deprecated_part_inside_the_bucket_is_refused(world: World) -> None:
    with pytest.raises(
        ResourceError, match=r"knows no versioning of a bucket.* use aws\.s3\.BucketVersioning"
    ):
        world.create(BUCKET, "old", {**LOGS, "versioning": {"enabled": True}})
