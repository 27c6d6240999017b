"""Buckets that nobody outside can read."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, options, put, without

BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"

EXAMPLES = (
    Example(
        "s3-bpa",
        good=(
            R(BUCKET, {"bucket": "backups"}, name="backups"),
            R(
                BLOCK,
                {
                    "bucket": "backups",
                    "blockPublicAcls": True,
                    "blockPublicPolicy": True,
                    "ignorePublicAcls": True,
                    "restrictPublicBuckets": True,
                },
                name="block",
                depends={"bucket": ["backups"]},
            ),
        ),
        bad={
            "there is no block": without("block"),
            "one flag is off": put("block", "blockPublicPolicy", False),
            "two flags are not named": Bad(
                both(drop("block", "ignorePublicAcls"), drop("block", "restrictPublicBuckets")), 2
            ),
            "the block is another bucket's": both(
                put("block", "bucket", "other"), options("block", depends={})
            ),
        },
        fine={"it is linked by its name alone": options("block", depends={})},
        open={
            "nobody knows whose block it is": both(
                put("block", "bucket", UNKNOWN), options("block", depends={})
            )
        },
        companions_hide=True,
        by_hand=True,
    ),
)
