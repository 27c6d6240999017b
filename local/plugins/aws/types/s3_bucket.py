"""Buckets. Everything that a bucket has besides its name and tags is a type of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    tag_list,
    tag_map,
)

_DEFAULT_REGION = "us-east-1"
"""Its name may not be given as a location."""
_ONE_DELETION = 1000
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html: objects of one request."""
_TYPES_OF_THEIR_OWN = {
    "accelerationStatus": "BucketAccelerateConfiguration",
    "acl": "BucketAcl",
    "corsRules": "BucketCorsConfiguration",
    "grants": "BucketAcl",
    "lifecycleRules": "BucketLifecycleConfiguration",
    "logging": "BucketLogging",
    "objectLockConfiguration": "BucketObjectLockConfiguration",
    "policy": "BucketPolicy",
    "replicationConfiguration": "BucketReplicationConfig",
    "requestPayer": "BucketRequestPaymentConfiguration",
    "serverSideEncryptionConfiguration": "BucketServerSideEncryptionConfiguration",
    "versioning": "BucketVersioning",
    "website": "BucketWebsiteConfiguration",
}
"""Deprecated inputs of the bucket, and what has taken their place in `aws.s3`."""
_WEBSITE_ZONES = {
    "ap-northeast-1": "Z2M4EHUR26P7ZW",
    "ap-south-1": "Z11RGJOFQNVJUP",
    "ap-southeast-1": "Z3O0J2DXBE1FTB",
    "ap-southeast-2": "Z1WCIGYICN2BYD",
    "ca-central-1": "Z1QDHH18159H29",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-central-2": "Z030506016YDQGETNASS",
    "eu-north-1": "Z3BAZG2TWCNX0D",
    "eu-south-1": "Z30OZKI7KPW7MI",
    "eu-south-2": "Z0081959F7139GRJC19J",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "eu-west-3": "Z3R1K369G5AVDG",
    "sa-east-1": "Z7KQH4QJS55SO",
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
}
"""https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints: an alias's zone."""


class Bucket(Resource):
    """Its id is its name. A bucket with objects is not deleted, unless `forceDestroy` empties it first."""

    token: ClassVar[str] = "aws:s3/bucket:Bucket"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {"bucket", "bucketPrefix", "bucketNamespace", "objectLockEnabled"}
    )
    autoname: ClassVar[Autoname | None] = Autoname(property="bucket", limit=63, lower=True)
    defaults: ClassVar[Mapping[str, Any]] = {"forceDestroy": False}
    unreadable: ClassVar[frozenset[str]] = frozenset({"bucketNamespace", "forceDestroy"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        _parts_are_elsewhere(inputs)
        s3 = aws.client("s3")
        name: str = inputs["bucket"]
        if _region(s3, name) is not None:
            # Not left to S3: in us-east-1 it says yes to a name that is taken by oneself.
            raise ResourceError(f"bucket {name} exists already; import it, or choose another name")
        given: dict[str, Any] = {"ObjectLockEnabledForBucket": bool(inputs.get("objectLockEnabled"))}
        if inputs.get("bucketNamespace"):
            given["BucketNamespace"] = inputs["bucketNamespace"]
        if aws.region != _DEFAULT_REGION:
            given["CreateBucketConfiguration"] = {"LocationConstraint": aws.region}
        s3.create_bucket(Bucket=name, **given)
        with finishing(name):
            if inputs.get("tags"):
                s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(inputs["tags"])})
        return name

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        s3 = aws.client("s3")
        region = _region(s3, id)
        if region is None:
            return None
        found = {
            "arn": f"arn:{aws.partition}:s3:::{id}",
            "bucket": id,
            "bucketDomainName": f"{id}.s3.amazonaws.com",
            "bucketRegion": region,
            "bucketRegionalDomainName": f"{id}.s3.{region}.amazonaws.com",
            "objectLockEnabled": _locks_objects(s3, id),
            "tags": _tags(s3, id),
        }
        if region in _WEBSITE_ZONES:
            found["hostedZoneId"] = _WEBSITE_ZONES[region]
        return found

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        """`forceDestroy` is known to the state alone."""
        _parts_are_elsewhere(new)
        if "tags" in changed:
            s3 = aws.client("s3")
            if new.get("tags"):
                s3.put_bucket_tagging(Bucket=id, Tagging={"TagSet": tag_list(new["tags"])})
            else:
                s3.delete_bucket_tagging(Bucket=id)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        s3 = aws.client("s3")
        with absent_is_fine("NoSuchBucket"):
            if state.get("forceDestroy"):
                _empty(s3, id, locked=bool(state.get("objectLockEnabled")))
            elif next(_versions(s3, id), None):
                raise ResourceError(
                    f"bucket {id} is not deleted: it holds objects or versions of them; "
                    "empty it, or set forceDestroy and run `pulumi up` before the deletion"
                )
            s3.delete_bucket(Bucket=id)


def _parts_are_elsewhere(inputs: Properties) -> None:
    for name, own in _TYPES_OF_THEIR_OWN.items():
        if inputs.get(name):
            raise ResourceError(
                f"the fallback aws plugin knows no {name} of a bucket, which is deprecated; use aws.s3.{own}"
            )


def _region(s3: Any, bucket: str) -> str | None:
    """None if there is no such bucket."""
    with absent_is_fine("404", "NoSuchBucket"):
        return s3.head_bucket(Bucket=bucket)["BucketRegion"]
    return None


def _locks_objects(s3: Any, bucket: str) -> bool:
    with absent_is_fine("ObjectLockConfigurationNotFoundError"):
        found = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        return found["ObjectLockEnabled"] == "Enabled"
    return False


def _tags(s3: Any, bucket: str) -> dict[str, str]:
    with absent_is_fine("NoSuchTagSet"):
        return tag_map(s3.get_bucket_tagging(Bucket=bucket)["TagSet"])
    return {}


def _versions(s3: Any, bucket: str) -> Iterator[dict[str, str]]:
    """Every version of every object, delete markers included."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for entry in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            yield {"Key": entry["Key"], "VersionId": entry["VersionId"]}


def _empty(s3: Any, bucket: str, *, locked: bool) -> None:
    """Retention in governance mode is overridden, as by the real provider; compliance mode cannot be."""
    bypass = {"BypassGovernanceRetention": True} if locked else {}
    versions = list(_versions(s3, bucket))
    for start in range(0, len(versions), _ONE_DELETION):
        batch = versions[start : start + _ONE_DELETION]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True}, **bypass)
        for error in answer.get("Errors", ()):
            raise ResourceError(
                f"bucket {bucket} is not deleted: version {error.get('VersionId', '?')} of its object "
                f"{error['Key']} stays ({error['Message']})"
            )


RESOURCES: tuple[Resource, ...] = (Bucket(),)
