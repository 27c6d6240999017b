"""Log groups: kept long enough, and encrypted."""

from tests.policies.examples.case import Example
from tests.support.policies import UNKNOWN, R, both, drop, put

GROUP = "aws:cloudwatch/logGroup:LogGroup"

EXAMPLES = (
    Example(
        "log-retention",
        good=(R(GROUP, {"retentionInDays": 365, "logGroupClass": "STANDARD"}),),
        bad={
            "a day too short": put("it", "retentionInDays", 364),
            "a month": put("it", "retentionInDays", 30.0),
            "for ever": drop("it", "retentionInDays"),
            "for ever, as a number": put("it", "retentionInDays", 0),
            "nothing at all is said": both(drop("it", "retentionInDays"), drop("it", "logGroupClass")),
        },
        fine={
            "ten years": put("it", "retentionInDays", 3653),
            "CloudWatch decides for its class": both(
                put("it", "retentionInDays", 0), put("it", "logGroupClass", "DELIVERY")
            ),
        },
        open={
            "it is short, and its class unknown": both(
                put("it", "retentionInDays", 30), put("it", "logGroupClass", UNKNOWN)
            )
        },
    ),
    Example(
        "log-retention",
        good=(R(GROUP, {"retentionInDays": 180}),),
        bad={"too short for the setting": put("it", "retentionInDays", 150)},
        fine={"more": put("it", "retentionInDays", 365)},
        config={"days": 170},
    ),
    Example(
        "log-kms",
        good=(R(GROUP, {"kmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/logs"}),),
        bad={"no key is named": drop("it", "kmsKeyId"), "the key is empty": put("it", "kmsKeyId", "")},
        fine={"the key is not known yet": put("it", "kmsKeyId", UNKNOWN)},
    ),
)
