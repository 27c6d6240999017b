"""The provider's functions about data that somebody else keeps: secrets, keys, buckets."""

from __future__ import annotations

from local.plugins.aws.resource import Aws, Properties, ResourceError, pick


def secret_version(aws: Aws, given: Properties) -> Properties:
    """What a secret, or a copy of one, holds now."""
    if given.get("versionId"):
        raise ResourceError("a secret's current version is mapped, and no other one")
    stage = str(given.get("versionStage") or "AWSCURRENT")
    found = aws.client("secretsmanager").get_secret_value(SecretId=given["secretId"], VersionStage=stage)
    return {
        **pick(found, {"ARN": "arn", "SecretString": "secretString", "VersionId": "versionId"}),
        "createdDate": found["CreatedDate"].isoformat(),
        "id": f"{given['secretId']}|{stage}",
        "secretBinary": "",
        "versionStage": stage,
        "versionStages": found["VersionStages"],
    }


def key(aws: Aws, given: Properties) -> Properties:
    """A key, and whether it can be used."""
    found = aws.client("kms").describe_key(KeyId=given["keyId"])["KeyMetadata"]
    names = {
        "Arn": "arn",
        "AWSAccountId": "awsAccountId",
        "Description": "description",
        "Enabled": "enabled",
        "KeyId": "id",
        "KeyManager": "keyManager",
        "KeyState": "keyState",
        "KeyUsage": "keyUsage",
        "MultiRegion": "multiRegion",
        "Origin": "origin",
    }
    return {**pick(found, names), "creationDate": found["CreationDate"].isoformat()}


def bucket(aws: Aws, given: Properties) -> Properties:
    """A bucket, and where it is."""
    found = aws.client("s3").head_bucket(Bucket=given["bucket"])
    region = found["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", aws.region)
    return {
        "arn": f"arn:{aws.partition}:s3:::{given['bucket']}",
        "bucketRegion": region,
        "id": given["bucket"],
    }
