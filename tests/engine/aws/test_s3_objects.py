from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, Made, World

BUCKET = "aws:s3/bucket:Bucket"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture
def bucket(world: World) -> Generator[Made]:
    made = world.create(BUCKET, "shelf", {})
    versioned = {"Status": "Enabled"}
    world.client("s3").put_bucket_versioning(Bucket=made.id, VersioningConfiguration=versioned)
    yield made
    world.delete(made)


def test_an_object_changes_its_content_in_place_and_leaves_no_version(world: World, bucket: Made) -> None:
    inputs: dict[str, Any] = {
        "bucket": bucket.id,
        "key": "models/manifest.json",
        "content": "{}",
        "contentType": "application/json",
        "kmsKeyId": KEY_ARN,
        "serverSideEncryption": "aws:kms",
        "metadata": {"revision": "1"},
        "tags": {"role": "models"},
    }
    made = world.roundtrip(OBJECT, inputs)
    assert made.id == f"{bucket.id}/models/manifest.json"
    assert made.outputs["arn"] == f"arn:aws:s3:::{made.id}"
    assert made.outputs["storageClass"] == "STANDARD"

    changed = {**inputs, "content": "[]", "metadata": {"revision": "2"}, "tags": {}}
    after = world.update(made, changed)
    world.settled(after, changed)
    assert after.outputs["etag"] != made.outputs["etag"]
    assert after.outputs["versionId"] != made.outputs["versionId"]
    s3 = world.client("s3")
    assert s3.get_object(Bucket=bucket.id, Key="models/manifest.json")["Body"].read() == b"[]"
    tagged = world.update(after, {**changed, "tags": {"role": "other"}})
    assert tagged.outputs["versionId"] == after.outputs["versionId"]
    assert world.diff(after, {**changed, "key": "other"}).replaces == {"key"}

    s3.put_object(Bucket=bucket.id, Key="models/manifest.json.old", Body=b"neighbour")
    world.gone(tagged)
    left = s3.list_object_versions(Bucket=bucket.id)
    assert [one["Key"] for one in left["Versions"]] == ["models/manifest.json.old"]
    assert "DeleteMarkers" not in left
    s3.delete_object(
        Bucket=bucket.id, Key=left["Versions"][0]["Key"], VersionId=left["Versions"][0]["VersionId"]
    )


def test_an_object_of_bytes_deleted_by_hand_is_gone(world: World, bucket: Made) -> None:
    made = world.roundtrip(OBJECT, {"bucket": bucket.id, "key": "raw", "contentBase64": "AP8="})
    s3 = world.client("s3")
    assert s3.get_object(Bucket=bucket.id, Key="raw")["Body"].read() == b"\x00\xff"
    s3.delete_object(Bucket=bucket.id, Key="raw")
    assert world.refresh(made) is None
    world.gone(made)


def test_what_an_object_cannot_have_here_is_refused(world: World, bucket: Made) -> None:
    with pytest.raises(ResourceError, match="knows no acl of an object"):
        world.create(OBJECT, "open", {"bucket": bucket.id, "key": "open", "acl": "public-read"})
