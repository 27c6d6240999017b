"""Entries of Secrets Manager."""

from __future__ import annotations

import json

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, options, put, without

SECRET = "aws:secretsmanager/secret:Secret"
POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
ACCOUNT = "111122223333"
ARN = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:database-AbCdEf"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/5c0c1f0e"
_READ = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}


def _policy(principal: object, **rest: object) -> str:
    return json.dumps({"Statement": [{**_READ, "Principal": principal, **rest}]})


def _every(**rules: object) -> Change:
    return put("rotation", "rotationRules", rules)


EXAMPLES = (
    Example(
        "sm-cmk",
        good=(
            R(
                SECRET,
                {
                    "kmsKeyId": KEY,
                    "recoveryWindowInDays": 30,
                    "replicas": [{"region": "eu-west-1", "kmsKeyId": KEY}],
                    "policy": _policy({"AWS": ACCOUNT}),
                },
                name="secret",
            ),
            R(POLICY, {"secretArn": ARN, "policy": _policy({"AWS": ACCOUNT})}, name="policy"),
        ),
        bad={
            "no key": drop("secret", "kmsKeyId"),
            "AWS's key": put("secret", "kmsKeyId", "alias/aws/secretsmanager"),
            "AWS's key by its ARN": put(
                "secret", "kmsKeyId", f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/aws/secretsmanager"
            ),
            "a copy without a key": drop("secret", "replicas[0].kmsKeyId"),
            "the second copy has none": put("secret", "replicas[1]", {"region": "eu-west-2"}),
            "gone at once": put("secret", "recoveryWindowInDays", 0),
            "a day too little": put("secret", "recoveryWindowInDays", 29),
            "both": Bad(both(put("secret", "recoveryWindowInDays", 7), drop("secret", "kmsKeyId")), 2),
            "anybody may read it": put("secret", "policy", _policy("*")),
            "anybody may, by a policy beside": put("policy", "policy", _policy({"AWS": "*"})),
        },
        fine={
            "no window, which is 30 days": drop("secret", "recoveryWindowInDays"),
            "no policy and no copy": both(drop("secret", "policy"), drop("secret", "replicas")),
            "a key that this update makes": put("secret", "kmsKeyId", UNKNOWN),
            "a copy's key that this update makes": put("secret", "replicas[0].kmsKeyId", UNKNOWN),
            "the account": put(
                "policy",
                "policy",
                _policy("*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}),
            ),
        },
        open={
            "the copies": put("secret", "replicas", UNKNOWN),
            "a copy": put("secret", "replicas[0]", UNKNOWN),
            "the policy": put("policy", "policy", UNKNOWN),
        },
        by_hand=True,
    ),
    Example(
        "sm-rotation",
        good=(
            R(SECRET, {"arn": ARN}, name="secret"),
            R(
                ROTATION,
                {"secretId": ARN, "rotationRules": {"automaticallyAfterDays": 30}, "rotationEnabled": True},
                name="rotation",
                depends={"secretId": ["secret"]},
            ),
        ),
        bad={
            "nothing rotates it": without("rotation"),
            "something rotates another": both(
                put("rotation", "secretId", "another"), options("rotation", depends={})
            ),
            "too rarely": _every(automaticallyAfterDays=91),
            "it does not say when": _every(duration="3h"),
            "at a rate that is too low": _every(scheduleExpression="rate(120 days)"),
            "four times a year": _every(scheduleExpression="cron(0 4 1 1,4,7,10 ? *)"),
            "once a year": _every(scheduleExpression="cron(0 4 1 3 ? *)"),
            "every fourth month": _every(scheduleExpression="cron(0 4 1 */4 ? *)"),
            "it is off": put("rotation", "rotationEnabled", False),
            "a second secret without": add(R(SECRET, {"arn": f"{ARN}-2"}, name="other")),
        },
        fine={
            "at a rate": _every(scheduleExpression="rate(10 days)"),
            "by the hour": _every(scheduleExpression="rate(4 hours)"),
            "every month": _every(scheduleExpression="cron(0 16 1 * ? *)"),
            "every second month": _every(scheduleExpression="cron(0 16 1 1/2 ? *)"),
            "at the limit": _every(automaticallyAfterDays=90),
            "linked by the ARN alone": options("rotation", depends={}),
        },
        open={
            "whose rotation": both(put("rotation", "secretId", UNKNOWN), options("rotation", depends={})),
            "when": put("rotation", "rotationRules", UNKNOWN),
            "a schedule that is none": _every(scheduleExpression="now and then"),
            "months by their names": _every(scheduleExpression="cron(0 4 1 JAN ? *)"),
        },
        companions_hide=True,
    ),
)
