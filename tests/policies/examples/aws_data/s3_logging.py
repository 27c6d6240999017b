"""Who read and wrote a bucket is on record."""

from tests.policies.examples.case import Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

BUCKET = "aws:s3/bucket:Bucket"
LOGGING = "aws:s3/bucketLogging:BucketLogging"

EXAMPLES = (
    Example(
        "s3-access-logs",
        good=(
            R(BUCKET, {"bucket": "backups", "tags": {"role": "backup"}}, name="backups"),
            R(BUCKET, {"bucket": "access", "tags": {"role": "logs"}}, name="access"),
            R(
                LOGGING,
                {"bucket": "backups", "targetBucket": "access", "targetPrefix": "s3/"},
                name="logging",
                depends={"bucket": ["backups"], "targetBucket": ["access"]},
            ),
        ),
        bad={
            "nothing logs": without("logging"),
            "there is no target": both(drop("logging", "targetBucket"), options("logging", depends={})),
            "it logs to itself": both(
                put("logging", "targetBucket", "backups"), options("logging", depends={})
            ),
            "it logs to itself by what it was made from": options(
                "logging", depends={"bucket": ["backups"], "targetBucket": ["backups"]}
            ),
            "it is another bucket's": both(put("logging", "bucket", "other"), options("logging", depends={})),
            "it logs to itself by its own word": both(
                without("logging"), put("backups", "logging", {"targetBucket": "backups"})
            ),
            "its own word names nothing": both(without("logging"), put("backups", "logging", {})),
            "a second bucket has none": add(R(BUCKET, {"bucket": "second"}, name="second")),
        },
        fine={
            "it is linked by names alone": options("logging", depends={}),
            "the target is elsewhere": both(
                put("logging", "targetBucket", "central-logs"), options("logging", depends={})
            ),
            "the bucket says it itself": both(
                without("logging"), put("backups", "logging", {"targetBucket": "access"})
            ),
            "a BucketV2 says it itself": both(
                without("logging"), put("backups", "loggings", [{"targetBucket": "access"}])
            ),
            "a copy in another region": both(
                without("logging"), put("backups", "tags", {"role": "backup-copy"})
            ),
            "flow logs": both(without("logging"), put("backups", "tags", {"role": "flow-logs"})),
        },
        open={
            "nobody knows whose it is": both(
                put("logging", "bucket", UNKNOWN), options("logging", depends={})
            ),
            "nobody knows where to": both(
                put("logging", "targetBucket", UNKNOWN), options("logging", depends={})
            ),
            "nothing logs, and it may be for logs": both(
                without("logging"), put("backups", "tags.role", UNKNOWN)
            ),
        },
        companions_hide=True,
    ),
)
