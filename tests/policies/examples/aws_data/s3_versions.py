"""What is deleted or overwritten in a bucket is not gone."""

from tests.policies.examples.case import Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"

EXAMPLES = (
    Example(
        "s3-versioning",
        good=(
            R(BUCKET, {"bucket": "backups"}, name="backups"),
            R(
                VERSIONING,
                {"bucket": "backups", "versioningConfiguration": {"status": "Enabled"}},
                name="versions",
                depends={"bucket": ["backups"]},
            ),
        ),
        bad={
            "there is no versioning": without("versions"),
            "it is suspended": put("versions", "versioningConfiguration.status", "Suspended"),
            "it says nothing": drop("versions", "versioningConfiguration.status"),
            "it is another bucket's": both(
                put("versions", "bucket", "other"), options("versions", depends={})
            ),
            "the bucket's own says no": both(
                without("versions"), put("backups", "versioning", {"enabled": False})
            ),
            "it is suspended beside what the provider read before": both(
                put("versions", "versioningConfiguration.status", "Suspended"),
                put("backups", "versioning", {"enabled": True}),
            ),
            "a BucketV2's own says no": both(
                without("versions"), put("backups", "versionings", [{"enabled": False}])
            ),
            "a second bucket has none": add(R(BUCKET, {"bucket": "second"}, name="second")),
        },
        fine={
            "the bucket says it itself": both(
                without("versions"), put("backups", "versioning", {"enabled": True})
            ),
            "a BucketV2 says it itself": both(
                without("versions"), put("backups", "versionings", [{"enabled": True}])
            ),
            "it is linked by its name alone": options("versions", depends={}),
            "the provider read the bucket before": put("backups", "versioning", {"enabled": False}),
        },
        open={
            "nobody knows whose it is": both(
                put("versions", "bucket", UNKNOWN), options("versions", depends={})
            )
        },
        companions_hide=True,
        by_hand=True,
    ),
    Example(
        "s3-no-force-destroy",
        good=(R(BUCKET, {"forceDestroy": False}),),
        bad={"it goes with what is in it": put("it", "forceDestroy", True)},
        fine={"nothing is said": drop("it", "forceDestroy")},
    ),
)
