"""Buckets that nobody outside can read, and that own what is in them."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _block(name: str, bucket: str, *, restrict: bool = True) -> R:
    flags = {**dict.fromkeys(_FLAGS, True), "restrictPublicBuckets": restrict}
    return R(BLOCK, {"bucket": bucket, **flags}, name=name, depends={"bucket": [bucket]})


EXAMPLES = (
    Example(
        "s3-bpa",
        good=(R(BUCKET, {"bucket": "backups"}, name="backups"), _block("block", "backups")),
        bad={
            "there is no block": without("block"),
            "one flag is off": put("block", "blockPublicPolicy", False),
            "two flags are not named": Bad(
                both(drop("block", "ignorePublicAcls"), drop("block", "restrictPublicBuckets")), 2
            ),
            "the block is another bucket's": both(
                put("block", "bucket", "other"), options("block", depends={})
            ),
            "a second bucket has none": add(R(BUCKET, {"bucket": "second"}, name="second")),
            "a second bucket's is open": add(
                R(BUCKET, {"bucket": "second"}, name="second"), _block("other", "second", restrict=False)
            ),
            "a bucket elsewhere has none": add(
                R(
                    BUCKET,
                    {"bucket": "copy", "region": "eu-west-1"},
                    name="copy",
                    provider={"region": "us-east-1"},
                )
            ),
            "the account's block is no bucket's": both(
                without("block"),
                add(
                    R(
                        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
                        dict.fromkeys(_FLAGS, True),
                        name="account",
                    )
                ),
            ),
        },
        fine={
            "it is linked by its name alone": options("block", depends={}),
            "it is linked by what it was made from alone": put("block", "bucket", UNKNOWN),
        },
        open={
            "nobody knows whose block it is": both(
                put("block", "bucket", UNKNOWN), options("block", depends={})
            )
        },
        companions_hide=True,
        by_hand=True,
    ),
    Example(
        "s3-owner-enforced",
        good=(
            R(BUCKET, {"bucket": "backups"}, name="backups"),
            R(
                OWNERSHIP,
                {"bucket": "backups", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
                name="owner",
                depends={"bucket": ["backups"]},
            ),
        ),
        bad={
            "nothing says": without("owner"),
            "writers own what they write": put("owner", "rule.objectOwnership", "ObjectWriter"),
            "the bucket only prefers to own": put("owner", "rule.objectOwnership", "BucketOwnerPreferred"),
            "the rule is empty": drop("owner", "rule.objectOwnership"),
            "it is another bucket's": both(put("owner", "bucket", "other"), options("owner", depends={})),
            "a second bucket has none": add(R(BUCKET, {"bucket": "second"}, name="second")),
        },
        fine={"it is linked by its name alone": options("owner", depends={})},
        open={
            "nobody knows whose it is": both(put("owner", "bucket", UNKNOWN), options("owner", depends={}))
        },
        companions_hide=True,
        by_hand=True,
    ),
)
