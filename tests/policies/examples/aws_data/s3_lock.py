"""Backups that nobody can delete, whoever they are."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

BUCKET = "aws:s3/bucket:Bucket"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
_RETENTION = "rule.defaultRetention"
_OWN = {
    "objectLockEnabled": "Enabled",
    "rule": {"defaultRetention": {"mode": "COMPLIANCE", "days": 7}},
}
_OWN_V2 = {
    "objectLockEnabled": "Enabled",
    "rules": [{"defaultRetentions": [{"mode": "COMPLIANCE", "days": 7}]}],
}

EXAMPLES = (
    Example(
        "s3-object-lock",
        good=(
            R(
                BUCKET,
                {"bucket": "backups", "tags": {"role": "backup"}, "objectLockEnabled": True},
                name="backups",
            ),
            R(
                LOCK,
                {"bucket": "backups", "rule": {"defaultRetention": {"mode": "COMPLIANCE", "days": 7}}},
                name="lock",
                depends={"bucket": ["backups"]},
            ),
        ),
        bad={
            "the bucket has no lock": put("backups", "objectLockEnabled", False),
            "the bucket says nothing of a lock": drop("backups", "objectLockEnabled"),
            "nothing is locked by itself": without("lock"),
            "neither": Bad(both(without("lock"), drop("backups", "objectLockEnabled")), 2),
            "the rule is missing": drop("lock", "rule"),
            "there is a way around it": put("lock", f"{_RETENTION}.mode", "GOVERNANCE"),
            "a day too short": put("lock", f"{_RETENTION}.days", 6),
            "no time is named": drop("lock", f"{_RETENTION}.days"),
            "both are too weak": Bad(
                put("lock", "rule", {"defaultRetention": {"mode": "GOVERNANCE", "days": 1}}), 2
            ),
            "it is another bucket's": both(put("lock", "bucket", "other"), options("lock", depends={})),
            "its own is too short": both(
                without("lock"),
                put(
                    "backups",
                    "objectLockConfiguration",
                    {"rule": {"defaultRetention": {"mode": "COMPLIANCE", "days": 1}}},
                ),
            ),
            "a copy has none": Bad(
                add(R(BUCKET, {"bucket": "copy", "tags": {"role": "backup-copy"}}, name="copy")), 2
            ),
        },
        fine={
            "by years": put("lock", "rule", {"defaultRetention": {"mode": "COMPLIANCE", "years": 1}}),
            "the bucket says it itself": both(
                without("lock"),
                drop("backups", "objectLockEnabled"),
                put("backups", "objectLockConfiguration", _OWN),
            ),
            "a BucketV2 says it itself": both(
                without("lock"), put("backups", "objectLockConfiguration", _OWN_V2)
            ),
            "it holds no backups": add(R(BUCKET, {"bucket": "logs", "tags": {"role": "logs"}}, name="logs")),
            "it has no tags": add(R(BUCKET, {"bucket": "plain"}, name="plain")),
            "it is linked by its name alone": options("lock", depends={}),
        },
        open={
            "nobody knows whose it is": both(put("lock", "bucket", UNKNOWN), options("lock", depends={})),
            "nobody knows what the bucket is for": put("backups", "tags", UNKNOWN),
            "nobody knows the rule": put("lock", "rule", UNKNOWN),
        },
        companions_hide=True,
        by_hand=True,
    ),
    Example(
        "s3-object-lock",
        good=(
            R(BUCKET, {"bucket": "b", "tags": {"use": "dumps"}, "objectLockEnabled": True}, name="dumps"),
            R(
                LOCK,
                {"bucket": "b", "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}}},
                name="lock",
                depends={"bucket": ["dumps"]},
            ),
        ),
        bad={"too short for the setting": put("lock", f"{_RETENTION}.days", 29)},
        fine={"stronger than the setting": put("lock", f"{_RETENTION}.mode", "COMPLIANCE")},
        config={"roleTag": "use", "backups": ["dumps"], "mode": "GOVERNANCE", "days": 30},
        companions_hide=True,
        by_hand=True,
    ),
)
