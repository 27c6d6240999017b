"""AWS Backup's plans: how long recovery points stay, where copies go, and whether anybody tries them."""

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

PLAN = "aws:backup/plan:Plan"
VAULT = "aws:backup/vault:Vault"
TESTS = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
_HERE = {"region": "eu-central-1"}
_THERE = "arn:aws:backup:eu-west-1:111122223333:backup-vault:copies"
_RULE: dict[str, Any] = {
    "ruleName": "daily",
    "targetVaultName": "daily",
    "lifecycle": {"deleteAfter": 35},
    "copyActions": [{"destinationVaultArn": _THERE, "lifecycle": {"deleteAfter": 90}}],
}
_COPY = "rules[0].copyActions"

EXAMPLES = (
    Example(
        "bkp-copy-region",
        good=(
            R(VAULT, {"name": "daily"}, name="daily", provider=_HERE),
            R(VAULT, {"name": "copies", "region": "eu-west-1"}, name="copies", provider=_HERE),
            R(
                PLAN,
                {"rules": [_RULE]},
                name="plan",
                depends={"rules": ["daily", "copies"]},
                provider=_HERE,
            ),
        ),
        bad={
            "nothing is copied": drop("plan", _COPY),
            "the list is empty": put("plan", _COPY, []),
            "there are no rules": put("plan", "rules", []),
            "the copy is in the same region": put(
                "plan",
                f"{_COPY}[0].destinationVaultArn",
                "arn:aws:backup:eu-central-1:111122223333:backup-vault:other",
            ),
            "the plan is where the copies are": put("plan", "region", "eu-west-1"),
            "a second plan copies nothing": add(R(PLAN, {"rules": []}, name="second", provider=_HERE)),
        },
        fine={
            "the vault's ARN is not known yet": put("plan", f"{_COPY}[0].destinationVaultArn", UNKNOWN),
            "another rule copies": put("plan", "rules[1]", {**_RULE, "copyActions": []}),
            "the plan's ARN says where it is": both(
                options("plan", provider=None),
                put("plan", "arn", "arn:aws:backup:us-east-1:111122223333:backup-plan:p"),
            ),
        },
        open={
            "nobody knows the vault": both(
                put("plan", f"{_COPY}[0].destinationVaultArn", UNKNOWN), options("plan", depends={})
            ),
            "nobody knows the rules": put("plan", "rules", UNKNOWN),
            "nothing says where the plan is": options("plan", provider=None),
            "the ARN is none": put("plan", f"{_COPY}[0].destinationVaultArn", "copies"),
        },
    ),
    Example(
        "bkp-retention",
        good=(R(PLAN, {"rules": [_RULE]}),),
        bad={
            "a day too short": put("it", "rules[0].lifecycle.deleteAfter", 34),
            "the copy is too short": put("it", f"{_COPY}[0].lifecycle.deleteAfter", 7),
            "a second rule is too short": put("it", "rules[1]", {"lifecycle": {"deleteAfter": 7}}),
            "both": Bad(
                both(
                    put("it", "rules[0].lifecycle.deleteAfter", 7),
                    put("it", f"{_COPY}[0].lifecycle.deleteAfter", 7),
                ),
                2,
            ),
        },
        fine={
            "for ever": drop("it", "rules[0].lifecycle"),
            "for ever, as a number": put("it", "rules[0].lifecycle.deleteAfter", -1),
        },
    ),
    Example(
        "bkp-retention",
        good=(R(PLAN, {"rules": [{"lifecycle": {"deleteAfter": 365}}]}),),
        bad={"too short for the setting": put("it", "rules[0].lifecycle.deleteAfter", 364)},
        config={"days": 365},
    ),
    Example(
        "bkp-restore-testing",
        good=(R(PLAN, {"rules": [_RULE]}, name="plan"), R(TESTS, {"name": "weekly"}, name="tests")),
        bad={"nothing is tested": without("tests")},
        fine={"there are no plans": both(without("plan"), without("tests"))},
        decided=True,
    ),
)
