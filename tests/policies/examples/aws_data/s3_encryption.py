"""Buckets encrypted with a key of one's own."""

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, options, put, same, without

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_DEFAULT = "rules[0].applyServerSideEncryptionByDefault"
_KEY = "arn:aws:kms:eu-central-1:111122223333:key/backup"
_SAID = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": _KEY}


def _inline(rule: dict[str, Any]) -> Change:
    return both(without("encryption"), put("backups", "serverSideEncryptionConfiguration", {"rule": rule}))


def _inline_v2(rule: dict[str, Any]) -> Change:
    return both(
        without("encryption"), put("backups", "serverSideEncryptionConfigurations", [{"rules": [rule]}])
    )


_LOGS = put("backups", "tags", {"role": "logs"})

EXAMPLES = (
    Example(
        "s3-kms",
        good=(
            R(BUCKET, {"bucket": "backups", "tags": {"role": "backup"}}, name="backups"),
            R(
                ENCRYPTION,
                {
                    "bucket": "backups",
                    "rules": [{"applyServerSideEncryptionByDefault": _SAID, "bucketKeyEnabled": True}],
                },
                name="encryption",
                depends={"bucket": ["backups"]},
            ),
        ),
        bad={
            "nothing is said": without("encryption"),
            "it is S3's own": put("encryption", f"{_DEFAULT}.sseAlgorithm", "AES256"),
            "no algorithm is named": drop("encryption", f"{_DEFAULT}.sseAlgorithm"),
            "no key is named": drop("encryption", f"{_DEFAULT}.kmsMasterKeyId"),
            "the key is AWS's": put("encryption", f"{_DEFAULT}.kmsMasterKeyId", "alias/aws/s3"),
            "the key is AWS's, by its ARN": put(
                "encryption",
                f"{_DEFAULT}.kmsMasterKeyId",
                "arn:aws:kms:eu-central-1:111122223333:alias/aws/s3",
            ),
            "there is no bucket key": drop("encryption", "rules[0].bucketKeyEnabled"),
            "neither key nor bucket key": Bad(
                both(
                    drop("encryption", f"{_DEFAULT}.kmsMasterKeyId"),
                    put("encryption", "rules[0].bucketKeyEnabled", False),
                ),
                2,
            ),
            "it is another bucket's": both(
                put("encryption", "bucket", "other"), options("encryption", depends={})
            ),
            "the bucket's own is S3's": _inline(
                {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
            ),
            "a BucketV2's own is S3's": _inline_v2(
                {"applyServerSideEncryptionByDefaults": [{"sseAlgorithm": "AES256"}]}
            ),
            "logs of another kind of tag": both(
                without("encryption"), put("backups", "tags", {"purpose": "logs"})
            ),
            "a second bucket has none": add(R(BUCKET, {"bucket": "second"}, name="second")),
        },
        fine={
            "two layers, for which there are no bucket keys": both(
                put("encryption", f"{_DEFAULT}.sseAlgorithm", "aws:kms:dsse"),
                drop("encryption", "rules[0].bucketKeyEnabled"),
            ),
            "the key is not known yet": put("encryption", f"{_DEFAULT}.kmsMasterKeyId", UNKNOWN),
            "it is linked by its name alone": options("encryption", depends={}),
            "logs are encrypted by S3": both(_LOGS, put("encryption", f"{_DEFAULT}.sseAlgorithm", "AES256")),
            "logs say nothing": both(_LOGS, without("encryption")),
            "the bucket says it itself": _inline(
                {"applyServerSideEncryptionByDefault": _SAID, "bucketKeyEnabled": True}
            ),
            "a BucketV2 says it itself": _inline_v2(
                {"applyServerSideEncryptionByDefaults": [_SAID], "bucketKeyEnabled": True}
            ),
            "the provider read the bucket before": put(
                "backups",
                "serverSideEncryptionConfiguration",
                {"rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}},
            ),
        },
        open={
            "nobody knows whose it is": both(
                put("encryption", "bucket", UNKNOWN), options("encryption", depends={})
            ),
            "it is weak, and may be for logs": both(
                put("encryption", f"{_DEFAULT}.sseAlgorithm", "AES256"), put("backups", "tags", UNKNOWN)
            ),
            "all of it is unknown": put("encryption", "rules", UNKNOWN),
        },
        companions_hide=True,
    ),
    Example(
        "s3-kms",
        good=(R(BUCKET, {"bucket": "logs", "tags": {"purpose": "audit"}}),),
        bad={"only the usual tag counts": put("it", "tags", {"role": "logs"})},
        fine={"another role": same},
        config={"roleTag": "purpose", "logs": ["audit"]},
    ),
)
