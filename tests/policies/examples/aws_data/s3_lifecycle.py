"""What a bucket no longer needs goes; backups stay as long as they are wanted."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_AGE = {
    "id": "age",
    "status": "Enabled",
    "filter": {"prefix": ""},
    "expiration": {"days": 90},
    "noncurrentVersionExpiration": {"noncurrentDays": 7},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 2},
}
_OWN = {
    "enabled": True,
    "noncurrentVersionExpiration": {"days": 7},
    "abortIncompleteMultipartUploadDays": 2,
}
_OWN_V2 = {
    "enabled": True,
    "noncurrentVersionExpirations": [{"days": 7}],
    "expirations": [{"days": 90}],
    "abortIncompleteMultipartUploadDays": 2,
}
_TEMPORARY = {"id": "temporary", "status": "Enabled", "filter": {"prefix": "tmp/"}, "expiration": {"days": 1}}

EXAMPLES = (
    Example(
        "s3-lifecycle",
        good=(
            R(BUCKET, {"bucket": "backups", "tags": {"role": "backup"}}, name="backups"),
            R(
                LIFECYCLE,
                {"bucket": "backups", "rules": [_AGE]},
                name="life",
                depends={"bucket": ["backups"]},
            ),
        ),
        bad={
            "nothing ends": without("life"),
            "there are no rules": put("life", "rules", []),
            "old versions stay": drop("life", "rules[0].noncurrentVersionExpiration"),
            "broken uploads stay": drop("life", "rules[0].abortIncompleteMultipartUpload"),
            "the rule is off": Bad(put("life", "rules[0].status", "Disabled"), 2),
            "the rule is for some objects": Bad(put("life", "rules[0].filter.prefix", "tmp/"), 2),
            "the rule is for some objects, as it was said once": Bad(
                put("life", "rules[0].prefix", "tmp/"), 2
            ),
            "the rule is for a tag": Bad(
                put("life", "rules[0].filter", {"tag": {"key": "a", "value": "b"}}), 2
            ),
            "the rule is for prefix and tag": Bad(
                put("life", "rules[0].filter", {"and": {"prefix": "tmp/", "tags": {"a": "b"}}}), 2
            ),
            "the rule is for large objects": Bad(
                put("life", "rules[0].filter", {"objectSizeGreaterThan": 1024}), 2
            ),
            "backups end a day too early": put("life", "rules[0].expiration.days", 34),
            "backups end on a day": put("life", "rules[0].expiration", {"date": "2030-01-01T00:00:00Z"}),
            "some backups end at once": put("life", "rules[1]", _TEMPORARY),
            "copies of backups end too early": both(
                put("backups", "tags.role", "backup-copy"), put("life", "rules[0].expiration.days", 7)
            ),
            "it is another bucket's": both(put("life", "bucket", "other"), options("life", depends={})),
            "its own rule is off": Bad(
                both(without("life"), put("backups", "lifecycleRules", [{**_OWN, "enabled": False}])), 2
            ),
            "its own rule is for a tag": Bad(
                both(without("life"), put("backups", "lifecycleRules", [{**_OWN, "tags": {"a": "b"}}])), 2
            ),
            "a BucketV2's own rule ends too early": both(
                without("life"),
                put("backups", "lifecycleRules", [{**_OWN_V2, "expirations": [{"days": 7}]}]),
            ),
            "a second bucket has none": add(R(BUCKET, {"bucket": "second"}, name="second")),
        },
        fine={
            "as long as it must be": put("life", "rules[0].expiration.days", 35),
            "nothing current ends": drop("life", "rules[0].expiration"),
            "markers of deletions end": put(
                "life", "rules[0].expiration", {"expiredObjectDeleteMarker": True}
            ),
            "each by a rule of its own": put(
                "life",
                "rules",
                [
                    {"status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 7}},
                    {"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 2}},
                ],
            ),
            "a rule that is off would end backups": put(
                "life", "rules[1]", {**_TEMPORARY, "status": "Disabled"}
            ),
            "what is no backup ends early": both(
                put("backups", "tags", {}), put("life", "rules[0].expiration.days", 1)
            ),
            "the size says nothing": put("life", "rules[0].filter.objectSizeGreaterThan", 0),
            "the bucket says it itself": both(without("life"), put("backups", "lifecycleRules", [_OWN])),
            "a BucketV2 says it itself": both(without("life"), put("backups", "lifecycleRules", [_OWN_V2])),
            "it is linked by its name alone": options("life", depends={}),
        },
        open={
            "nobody knows whose it is": both(put("life", "bucket", UNKNOWN), options("life", depends={})),
            "nobody knows the rules": put("life", "rules", UNKNOWN),
            "it ends early, and may be a backup": both(
                put("life", "rules[0].expiration.days", 1), put("backups", "tags", UNKNOWN)
            ),
        },
        companions_hide=True,
    ),
)
