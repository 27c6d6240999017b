"""What a bucket has of its own kind: each part is one call to put, one to get and one to remove."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Aws, Properties, Resource, ResourceError, absent_is_fine
from local.plugins.aws.types.s3_parts_shape import Inner, Shape, from_s3, to_s3

NO_BUCKET = "NoSuchBucket"
OWNED = frozenset({"bucket", "expectedBucketOwner"})


class BucketPart(Resource):
    """Its id is the bucket's name, with `expectedBucketOwner` behind a comma where that is given."""

    replaces: ClassVar[frozenset[str]] = frozenset({"bucket"})
    absent: ClassVar[str]
    """S3's error for a bucket without this part."""

    @abstractmethod
    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        """Set it; `bucket` has the request's members that name the bucket."""

    @abstractmethod
    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        """What S3 says, without the bucket; None if the bucket has no such part."""

    @abstractmethod
    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        """Back to what a bucket has without it."""

    def create(self, aws: Aws, inputs: Properties) -> str:
        owner = inputs.get("expectedBucketOwner")
        id = f"{inputs['bucket']},{owner}" if owner else str(inputs["bucket"])  # noqa: A001
        self.put(aws.client("s3"), _bucket(id), inputs)
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        bucket = _bucket(id)
        with absent_is_fine(NO_BUCKET, self.absent):
            found = self.get(aws.client("s3"), bucket)
            if found is None:
                return None
            if "ExpectedBucketOwner" in bucket:
                found["expectedBucketOwner"] = bucket["ExpectedBucketOwner"]
            return {"bucket": bucket["Bucket"], **found}
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        self.put(aws.client("s3"), _bucket(id), new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(NO_BUCKET, self.absent):
            self.remove(aws.client("s3"), _bucket(id), state)


def _bucket(id: str) -> dict[str, str]:  # noqa: A002
    name, _, owner = id.partition(",")
    return {"Bucket": name, "ExpectedBucketOwner": owner} if owner else {"Bucket": name}


class BucketVersioning(BucketPart):
    """A bucket always has a state of versioning, so this part is gone only with the bucket."""

    token: ClassVar[str] = "aws:s3/bucketVersioning:BucketVersioning"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = OWNED
    unreadable: ClassVar[frozenset[str]] = frozenset({"mfa"})
    # S3 knows no error for it.
    absent: ClassVar[str] = NO_BUCKET
    shape: ClassVar[Shape] = {"mfaDelete": "MFADelete", "status": "Status"}
    # How S3 says nothing about it.
    never_set: ClassVar[Mapping[str, str]] = {"MFADelete": "Disabled", "Status": "Disabled"}

    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        wanted = to_s3(inputs["versioningConfiguration"], self.shape)
        if wanted["Status"] != "Disabled":
            mfa = {"MFA": inputs["mfa"]} if inputs.get("mfa") else {}
            s3.put_bucket_versioning(**bucket, VersioningConfiguration=wanted, **mfa)
        elif s3.get_bucket_versioning(**bucket).get("Status"):
            raise ResourceError(
                f"versioning of bucket {bucket['Bucket']} cannot go back to 'Disabled'; use 'Suspended'"
            )

    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        found = s3.get_bucket_versioning(**bucket)
        return {"versioningConfiguration": from_s3({**self.never_set, **found}, self.shape)}

    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        """Versioning cannot be undone, only suspended, and not even that where objects are locked."""
        if s3.get_bucket_versioning(**bucket).get("Status"):
            with absent_is_fine("InvalidBucketState"):
                s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Suspended"})


class BucketPublicAccessBlock(BucketPart):
    """The four switches against public access."""

    token: ClassVar[str] = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"  # noqa: S105 - not a password
    absent: ClassVar[str] = "NoSuchPublicAccessBlockConfiguration"
    shape: ClassVar[Shape] = {
        "blockPublicAcls": "BlockPublicAcls",
        "blockPublicPolicy": "BlockPublicPolicy",
        "ignorePublicAcls": "IgnorePublicAcls",
        "restrictPublicBuckets": "RestrictPublicBuckets",
    }
    defaults: ClassVar[Mapping[str, Any]] = dict.fromkeys(shape, False)
    unreadable: ClassVar[frozenset[str]] = frozenset({"skipDestroy"})

    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        s3.put_public_access_block(**bucket, PublicAccessBlockConfiguration=to_s3(inputs, self.shape))

    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        found = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
        return from_s3(found, self.shape)

    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        if not state.get("skipDestroy"):
            s3.delete_public_access_block(**bucket)


class BucketOwnershipControls(BucketPart):
    """Who owns an object that another account writes."""

    token: ClassVar[str] = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"  # noqa: S105 - not a password
    absent: ClassVar[str] = "OwnershipControlsNotFoundError"

    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        rule = {"ObjectOwnership": inputs["rule"]["objectOwnership"]}
        s3.put_bucket_ownership_controls(**bucket, OwnershipControls={"Rules": [rule]})

    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        (rule,) = s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
        return {"rule": {"objectOwnership": rule["ObjectOwnership"]}}

    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        s3.delete_bucket_ownership_controls(**bucket)


class BucketPolicy(BucketPart):
    """Who may do what with the bucket."""

    token: ClassVar[str] = "aws:s3/bucketPolicy:BucketPolicy"  # noqa: S105 - not a password
    json: ClassVar[frozenset[str]] = frozenset({"policy"})
    absent: ClassVar[str] = "NoSuchBucketPolicy"

    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        s3.put_bucket_policy(**bucket, Policy=inputs["policy"])

    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        return {"policy": s3.get_bucket_policy(**bucket)["Policy"]}

    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        s3.delete_bucket_policy(**bucket)


class BucketServerSideEncryptionConfiguration(BucketPart):
    """How objects are encrypted that come without a wish of their own."""

    token: ClassVar[str] = (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"  # noqa: S105
    )
    replaces: ClassVar[frozenset[str]] = OWNED
    unordered: ClassVar[frozenset[str]] = frozenset({"rules"})
    absent: ClassVar[str] = "ServerSideEncryptionConfigurationNotFoundError"
    shape: ClassVar[Shape] = {
        "applyServerSideEncryptionByDefault": Inner(
            "ApplyServerSideEncryptionByDefault",
            {"kmsMasterKeyId": "KMSMasterKeyID", "sseAlgorithm": "SSEAlgorithm"},
        ),
        "bucketKeyEnabled": "BucketKeyEnabled",
    }

    def put(self, s3: Any, bucket: dict[str, str], inputs: Properties) -> None:
        if any(rule.get("blockedEncryptionTypes") for rule in inputs["rules"]):
            raise ResourceError("the fallback aws plugin knows no blockedEncryptionTypes, which moto forgets")
        rules = to_s3(inputs["rules"], self.shape)
        s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration={"Rules": rules})

    def get(self, s3: Any, bucket: dict[str, str]) -> Properties | None:
        found = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]
        return {"rules": from_s3(found["Rules"], self.shape)}

    def remove(self, s3: Any, bucket: dict[str, str], state: Properties) -> None:
        s3.delete_bucket_encryption(**bucket)


RESOURCES: tuple[Resource, ...] = (
    BucketVersioning(),
    BucketPublicAccessBlock(),
    BucketOwnershipControls(),
    BucketPolicy(),
    BucketServerSideEncryptionConfiguration(),
)
