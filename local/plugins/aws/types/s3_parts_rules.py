"""The parts of a bucket that say what happens to its objects: ageing, locking, logging, copying."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Properties, Resource, ResourceError
from local.plugins.aws.types.s3_parts import NO_BUCKET, OWNED, BucketPart
from local.plugins.aws.types.s3_parts_shape import Inner, Shape, Tags, from_s3, to_s3

_STATUS: Shape = {"status": "Status"}
_MINUTES: Shape = {"minutes": "Minutes"}
_TAG: Shape = {"key": "Key", "value": "Value"}
_SIZES: Shape = {
    "objectSizeGreaterThan": "ObjectSizeGreaterThan",
    "objectSizeLessThan": "ObjectSizeLessThan",
}
_NONCURRENT: Shape = {
    "newerNoncurrentVersions": "NewerNoncurrentVersions",
    "noncurrentDays": "NoncurrentDays",
}


class BucketLifecycleConfiguration(BucketPart):
    """When objects move to cheaper storage, and when they end."""

    token: ClassVar[str] = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = OWNED
    unordered: ClassVar[frozenset[str]] = frozenset(
        {"rules.transitions", "rules.noncurrentVersionTransitions"}
    )
    unreadable: ClassVar[frozenset[str]] = frozenset({"timeouts"})
    absent: ClassVar[str] = "NoSuchLifecycleConfiguration"
    shape: ClassVar[Shape] = {
        "abortIncompleteMultipartUpload": Inner(
            "AbortIncompleteMultipartUpload", {"daysAfterInitiation": "DaysAfterInitiation"}
        ),
        "expiration": Inner(
            "Expiration",
            {
                "date": "Date",
                "days": "Days",
                "expiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
            },
        ),
        "filter": Inner(
            "Filter",
            {
                "and": Inner("And", {"prefix": "Prefix", "tags": Tags("Tags"), **_SIZES}),
                "prefix": "Prefix",
                "tag": Inner("Tag", _TAG),
                **_SIZES,
            },
        ),
        "id": "ID",
        "noncurrentVersionExpiration": Inner("NoncurrentVersionExpiration", _NONCURRENT),
        "noncurrentVersionTransitions": Inner(
            "NoncurrentVersionTransitions", {**_NONCURRENT, "storageClass": "StorageClass"}
        ),
        "prefix": "Prefix",
        "status": "Status",
        "transitions": Inner("Transitions", {"date": "Date", "days": "Days", "storageClass": "StorageClass"}),
    }

    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        _moto_forgets(inputs["rules"])
        size = inputs.get("transitionDefaultMinimumObjectSize")
        s3.put_bucket_lifecycle_configuration(
            **bucket,
            LifecycleConfiguration={"Rules": to_s3(inputs["rules"], self.shape)},
            **({"TransitionDefaultMinimumObjectSize": size} if size else {}),
        )

    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        found = s3.get_bucket_lifecycle_configuration(**bucket)
        return from_s3(
            found,
            {
                "rules": Inner("Rules", self.shape),
                "transitionDefaultMinimumObjectSize": "TransitionDefaultMinimumObjectSize",
            },
        )

    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        s3.delete_bucket_lifecycle(**bucket)


def _moto_forgets(rules: list[Properties]) -> None:
    """Refuse what would vanish without a word."""
    for rule in rules:
        inner = rule.get("filter") or {}
        for holder in (inner, inner.get("and") or {}, rule.get("noncurrentVersionExpiration") or {}):
            lost = sorted(holder.keys() & {*_SIZES, "newerNoncurrentVersions"})
            if lost:
                raise ResourceError(
                    f"the fallback aws plugin knows no {lost[0]} of a rule, which moto forgets"
                )


class BucketObjectLockConfiguration(BucketPart):
    """How long a new version cannot be deleted. Removing it leaves the lock on, without a retention."""

    token: ClassVar[str] = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = OWNED | {"objectLockEnabled"}
    defaults: ClassVar[Mapping[str, Any]] = {"objectLockEnabled": "Enabled"}
    unreadable: ClassVar[frozenset[str]] = frozenset({"token"})
    absent: ClassVar[str] = "ObjectLockConfigurationNotFoundError"
    retention: ClassVar[Shape] = {"days": "Days", "mode": "Mode", "years": "Years"}

    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        wanted: dict[str, Any] = {"ObjectLockEnabled": inputs["objectLockEnabled"]}
        if inputs.get("rule"):
            retention = to_s3(inputs["rule"]["defaultRetention"], self.retention)
            wanted["Rule"] = {"DefaultRetention": retention}
        token = {"Token": inputs["token"]} if inputs.get("token") else {}
        s3.put_object_lock_configuration(**bucket, ObjectLockConfiguration=wanted, **token)

    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        found = s3.get_object_lock_configuration(**bucket)["ObjectLockConfiguration"]
        rule = None
        if "Rule" in found:
            retention = from_s3(found["Rule"]["DefaultRetention"], self.retention)
            # Days or years; moto gives a zero for the other one.
            rule = {"defaultRetention": {name: value or None for name, value in retention.items()}}
        return {"objectLockEnabled": found["ObjectLockEnabled"], "rule": rule}

    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        s3.put_object_lock_configuration(**bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})


class BucketLogging(BucketPart):
    """Where the access log goes."""

    token: ClassVar[str] = "aws:s3/bucketLogging:BucketLogging"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = OWNED
    unordered: ClassVar[frozenset[str]] = frozenset({"targetGrants"})
    # S3 answers without a target instead.
    absent: ClassVar[str] = NO_BUCKET
    # Moto asks for a permission that is worded in one certain way.
    emulated_by: ClassVar[str] = "roost"
    shape: ClassVar[Shape] = {
        "targetBucket": "TargetBucket",
        "targetGrants": Inner(
            "TargetGrants",
            {
                "grantee": Inner(
                    "Grantee",
                    {
                        "displayName": "DisplayName",
                        "emailAddress": "EmailAddress",
                        "id": "ID",
                        "type": "Type",
                        "uri": "URI",
                    },
                ),
                "permission": "Permission",
            },
        ),
        "targetObjectKeyFormat": Inner(
            "TargetObjectKeyFormat",
            {
                "partitionedPrefix": Inner(
                    "PartitionedPrefix", {"partitionDateSource": "PartitionDateSource"}
                ),
                "simplePrefix": Inner("SimplePrefix", {}),
            },
        ),
        "targetPrefix": "TargetPrefix",
    }

    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        s3.put_bucket_logging(**bucket, BucketLoggingStatus={"LoggingEnabled": to_s3(inputs, self.shape)})

    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        found = s3.get_bucket_logging(**bucket).get("LoggingEnabled")
        return from_s3(found, self.shape) if found else None

    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        s3.put_bucket_logging(**bucket, BucketLoggingStatus={})


class BucketReplicationConfig(BucketPart):
    """Which objects are copied into which other bucket."""

    token: ClassVar[str] = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"  # noqa: S105 - not a password
    unreadable: ClassVar[frozenset[str]] = frozenset({"token"})
    absent: ClassVar[str] = "ReplicationConfigurationNotFoundError"
    # Moto drops the source selection.
    emulated_by: ClassVar[str] = "roost"
    shape: ClassVar[Shape] = {
        "deleteMarkerReplication": Inner("DeleteMarkerReplication", _STATUS),
        "destination": Inner(
            "Destination",
            {
                "accessControlTranslation": Inner("AccessControlTranslation", {"owner": "Owner"}),
                "account": "Account",
                "bucket": "Bucket",
                "encryptionConfiguration": Inner(
                    "EncryptionConfiguration", {"replicaKmsKeyId": "ReplicaKmsKeyID"}
                ),
                "metrics": Inner("Metrics", {"eventThreshold": Inner("EventThreshold", _MINUTES), **_STATUS}),
                "replicationTime": Inner("ReplicationTime", {"time": Inner("Time", _MINUTES), **_STATUS}),
                "storageClass": "StorageClass",
            },
        ),
        "existingObjectReplication": Inner("ExistingObjectReplication", _STATUS),
        "filter": Inner(
            "Filter",
            {
                "and": Inner("And", {"prefix": "Prefix", "tags": Tags("Tags")}),
                "prefix": "Prefix",
                "tag": Inner("Tag", _TAG),
            },
        ),
        "id": "ID",
        "prefix": "Prefix",
        "priority": "Priority",
        "sourceSelectionCriteria": Inner(
            "SourceSelectionCriteria",
            {
                "replicaModifications": Inner("ReplicaModifications", _STATUS),
                "sseKmsEncryptedObjects": Inner("SseKmsEncryptedObjects", _STATUS),
            },
        ),
        "status": "Status",
    }

    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        wanted = {"Role": inputs["role"], "Rules": to_s3(inputs["rules"], self.shape)}
        token = {"Token": inputs["token"]} if inputs.get("token") else {}
        s3.put_bucket_replication(**bucket, ReplicationConfiguration=wanted, **token)

    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        found = s3.get_bucket_replication(**bucket)["ReplicationConfiguration"]
        return {"role": found["Role"], "rules": from_s3(found["Rules"], self.shape)}

    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        s3.delete_bucket_replication(**bucket)


RESOURCES: tuple[Resource, ...] = (
    BucketLifecycleConfiguration(),
    BucketObjectLockConfiguration(),
    BucketLogging(),
    BucketReplicationConfig(),
)
