"""Backups exist in another region, too."""

from dataclasses import replace
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, options, put, without

BUCKET = "aws:s3/bucket:Bucket"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
_HERE = {"region": "eu-central-1"}
_KEY_THERE = "arn:aws:kms:eu-west-1:111122223333:key/copy"
_DESTINATION = "rules[0].destination"
_RULE: dict[str, Any] = {
    "status": "Enabled",
    "filter": {"prefix": ""},
    "deleteMarkerReplication": {"status": "Disabled"},
    "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
    "destination": {
        "bucket": "arn:aws:s3:::copy",
        "encryptionConfiguration": {"replicaKmsKeyId": _KEY_THERE},
    },
}
_OWN: dict[str, Any] = {
    "status": "Enabled",
    "deleteMarkerReplicationStatus": "Enabled",
    "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"enabled": True}},
    "destination": {"bucket": "arn:aws:s3:::copy", "replicaKmsKeyId": _KEY_THERE},
}
_OWN_V2: dict[str, Any] = {
    "status": "Enabled",
    "filters": [{"prefix": ""}],
    "deleteMarkerReplicationStatus": "Enabled",
    "sourceSelectionCriterias": [{"sseKmsEncryptedObjects": [{"enabled": True}]}],
    "destinations": [{"bucket": "arn:aws:s3:::copy", "replicaKmsKeyId": _KEY_THERE}],
}


def _moved(region: str | None) -> Change:
    """The copy to another region: as of its own, or of its provider's."""

    def apply(stack: Any) -> list[R]:
        props = {"bucket": "copy", "arn": "arn:aws:s3:::copy", "tags": {"role": "backup-copy"}}
        if region:
            props["region"] = region
        return [replace(one, props=props, provider=_HERE) if one.name == "copy" else one for one in stack]

    return apply


EXAMPLES = (
    Example(
        "s3-crr",
        good=(
            R(BUCKET, {"bucket": "backups", "tags": {"role": "backup"}}, name="backups", provider=_HERE),
            R(
                BUCKET,
                {
                    "bucket": "copy",
                    "arn": "arn:aws:s3:::copy",
                    "region": "eu-west-1",
                    "tags": {"role": "backup-copy"},
                },
                name="copy",
                provider=_HERE,
            ),
            R(
                REPLICATION,
                {"bucket": "backups", "rules": [_RULE]},
                name="replication",
                depends={"bucket": ["backups"], "rules": ["copy", "key"]},
                provider=_HERE,
            ),
        ),
        bad={
            "nothing is copied": without("replication"),
            "there are no rules": put("replication", "rules", []),
            "the rule is off": put("replication", "rules[0].status", "Disabled"),
            "the rule is for some objects": put("replication", "rules[0].filter.prefix", "a/"),
            "the rule is for a tag": put("replication", "rules[0].filter", {"and": {"tags": {"a": "b"}}}),
            "the copy is in the same region": _moved("eu-central-1"),
            "the copy has the same provider": _moved(None),
            "the copy has the same provider, and its ARN is unknown": both(
                _moved(None), put("replication", f"{_DESTINATION}.bucket", UNKNOWN)
            ),
            "a foreign bucket's key is of the same region": put(
                "replication",
                _DESTINATION,
                {
                    "bucket": "arn:aws:s3:::foreign",
                    "encryptionConfiguration": {
                        "replicaKmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/backup"
                    },
                },
            ),
            "no key is named": drop("replication", f"{_DESTINATION}.encryptionConfiguration"),
            "KMS objects are left out": put(
                "replication", "rules[0].sourceSelectionCriteria.sseKmsEncryptedObjects.status", "Disabled"
            ),
            "KMS objects are not named": drop("replication", "rules[0].sourceSelectionCriteria"),
            "deletions are not named": drop("replication", "rules[0].deleteMarkerReplication"),
            "neither key nor deletions": Bad(
                both(
                    drop("replication", f"{_DESTINATION}.encryptionConfiguration"),
                    drop("replication", "rules[0].deleteMarkerReplication"),
                ),
                2,
            ),
            "a second rule has no key": put(
                "replication", "rules[1]", {**_RULE, "destination": {"bucket": "arn:aws:s3:::copy"}}
            ),
            "it is another bucket's": both(
                put("replication", "bucket", "other"), options("replication", depends={})
            ),
            "its own leaves deletions open": both(
                without("replication"),
                put(
                    "backups",
                    "replicationConfiguration",
                    {"rules": [{**_OWN, "deleteMarkerReplicationStatus": None}]},
                ),
            ),
            "a second bucket is not copied": add(
                R(BUCKET, {"bucket": "second", "tags": {"role": "backup"}}, name="second", provider=_HERE)
            ),
        },
        fine={
            "the ARN is not known yet": put("replication", f"{_DESTINATION}.bucket", UNKNOWN),
            "the key is not known yet": put(
                "replication", f"{_DESTINATION}.encryptionConfiguration.replicaKmsKeyId", UNKNOWN
            ),
            "a foreign bucket's key is elsewhere": put(
                "replication", f"{_DESTINATION}.bucket", "arn:aws:s3:::foreign"
            ),
            "a rule that is off names no key": put(
                "replication", "rules[1]", {"status": "Disabled", "destination": {}}
            ),
            "deletions follow": put("replication", "rules[0].deleteMarkerReplication.status", "Enabled"),
            "the bucket says it itself": both(
                without("replication"), put("backups", "replicationConfiguration", {"rules": [_OWN]})
            ),
            "a BucketV2 says it itself": both(
                without("replication"), put("backups", "replicationConfigurations", [{"rules": [_OWN_V2]}])
            ),
            "it is linked by names alone": options("replication", depends={}),
        },
        open={
            "nobody knows whose it is": both(
                put("replication", "bucket", UNKNOWN), options("replication", depends={})
            ),
            "nobody knows the rules": put("replication", "rules", UNKNOWN),
            "nobody knows what the bucket is for": put("backups", "tags", UNKNOWN),
            "a foreign bucket, and a key that is not known yet": put(
                "replication",
                _DESTINATION,
                {
                    "bucket": "arn:aws:s3:::foreign",
                    "encryptionConfiguration": {"replicaKmsKeyId": UNKNOWN},
                },
            ),
            "nothing says where the bucket is": both(
                options("backups", provider=None),
                options("copy", provider=None),
            ),
        },
        companions_hide=True,
    ),
)
