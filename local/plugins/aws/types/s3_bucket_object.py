"""Small objects in buckets, whose content the program has at hand."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    pick,
    put,
    tag_list,
    tag_map,
)

_HEADERS = {
    "bucketKeyEnabled": "BucketKeyEnabled",
    "cacheControl": "CacheControl",
    "contentDisposition": "ContentDisposition",
    "contentEncoding": "ContentEncoding",
    "contentLanguage": "ContentLanguage",
    "contentType": "ContentType",
    "kmsKeyId": "SSEKMSKeyId",
    "metadata": "Metadata",
    "serverSideEncryption": "ServerSideEncryption",
    "storageClass": "StorageClass",
}
_UNKNOWN = (
    "acl",
    "checksumAlgorithm",
    "etag",
    "objectLockLegalHoldStatus",
    "objectLockMode",
    "objectLockRetainUntilDate",
    "overrideProvider",
    "source",
    "sourceHash",
    "websiteRedirect",
)


class BucketObjectv2(Resource):
    """Its id is `bucket/key`. As in the real provider `etag` says whether the content is another one."""

    token: ClassVar[str] = "aws:s3/bucketObjectv2:BucketObjectv2"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"bucket", "key"})
    defaults: ClassVar[Mapping[str, Any]] = {"forceDestroy": False}
    unreadable: ClassVar[frozenset[str]] = frozenset({"content", "contentBase64", "forceDestroy"})
    renewed: ClassVar[frozenset[str]] = frozenset({"etag", "versionId"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        key = inputs.get("key")
        if not key:
            raise ResourceError("an object needs a key; the fallback aws plugin draws none")
        _upload(aws.client("s3"), inputs)
        return f"{inputs['bucket']}/{key}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        bucket, _, key = id.partition("/")
        s3 = aws.client("s3")
        with absent_is_fine("404", "NoSuchBucket", "NoSuchKey"):
            head = s3.head_object(Bucket=bucket, Key=key)
            return {
                "arn": f"arn:{aws.partition}:s3:::{id}",
                "bucket": bucket,
                "etag": head["ETag"].strip('"'),
                "key": key,
                **pick(head, {theirs: ours for ours, theirs in _HEADERS.items()}),
                "storageClass": head.get("StorageClass", "STANDARD"),
                "tags": tag_map(s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]),
                "versionId": head.get("VersionId"),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        """Other tags alone make no other version."""
        s3 = aws.client("s3")
        if changed - {"tags", "forceDestroy"}:
            _upload(s3, new)
        elif "tags" in changed:
            s3.put_object_tagging(
                Bucket=new["bucket"], Key=new["key"], Tagging={"TagSet": tag_list(new.get("tags"))}
            )

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        """All its versions."""
        bucket, _, key = id.partition("/")
        s3 = aws.client("s3")
        bypass = {"BypassGovernanceRetention": True} if state.get("forceDestroy") else {}
        with absent_is_fine("NoSuchBucket"):
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
                for entry in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                    if entry["Key"] == key:
                        s3.delete_object(Bucket=bucket, Key=key, VersionId=entry["VersionId"], **bypass)


def _upload(s3: Any, inputs: Properties) -> None:
    given = [name for name in _UNKNOWN if inputs.get(name)]
    if given:
        raise ResourceError(f"the fallback aws plugin knows no {', '.join(given)} of an object")
    content = base64.b64decode(inputs.get("contentBase64") or "") or (inputs.get("content") or "").encode()
    tags = {"Tagging": urlencode(inputs["tags"])} if inputs.get("tags") else {}
    s3.put_object(Bucket=inputs["bucket"], Key=inputs["key"], Body=content, **tags, **put(inputs, _HEADERS))


RESOURCES: tuple[Resource, ...] = (BucketObjectv2(),)
