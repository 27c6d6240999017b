"""Entries of Secrets Manager: encrypted with one's own keys, recoverable, closed, and rotated."""

from __future__ import annotations

import re
from itertools import pairwise

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.iam import statements
from policies.lib.logic import all_hold
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
_DEFAULT_WINDOW = 30
_AWS_KEY = "alias/aws/"
_RATE = re.compile(r"^rate\(\s*(\d+)\s+(hour|day)s?\s*\)$", re.IGNORECASE)
_CRON = re.compile(r"^cron\(\s*(?:\S+\s+){3}(?P<months>\S+)\s+\S+\s+\S+\s*\)$", re.IGNORECASE)
_EVERY = re.compile(r"^(?:\*|1)/([1-9]\d?)$")
_MONTHS = re.compile(r"^\d{1,2}(?:,\d{1,2})*$")
_LONGEST_MONTH = 31


class Recovery(Settings):
    minimum_days: int = Field(
        default=30, ge=7, le=30, description="Days in which the deletion of a secret can be taken back."
    )


def _widen(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, Recovery)
    given = draft.get("recoveryWindowInDays")
    if isinstance(given, (int, float)) and given < settings.minimum_days:
        draft.put("recoveryWindowInDays", settings.minimum_days)


@resource_rule(
    "sm-cmk",
    types(SECRET, POLICY),
    title="A secret is encrypted with a key of one's own, can be recovered, and is closed to strangers",
    why="With AWS's key every principal that may read the secret can also decrypt it; without a window a "
    "mistaken deletion is final; a public policy hands the secret out.",
    fix="Set kmsKeyId, for replicas as well; raise recoveryWindowInDays; name principals in the policy.",
    severity=Severity.MEDIUM,
    refs="CKV AWS_149",
    url="https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",
    dev="advisory",
    prod="mandatory",
    settings=Recovery,
    remedy=_widen,
)
def own_key(secret: Resource, check: Check) -> None:
    for statement in statements(secret["policy"]):
        with check.part():
            if all_hold(
                lambda one=statement: one.allows,
                lambda one=statement: one.for_anyone,
                lambda one=statement: not one.narrowed_by(),
            ):
                check.violation("anybody may use the secret", statement.at)
    if secret.type != SECRET:
        return
    with check.part():
        minimum = check.settings(Recovery).minimum_days
        window = secret["recoveryWindowInDays"]
        if window.number(default=_DEFAULT_WINDOW) < minimum:
            check.violation(f"the secret can be gone in less than {minimum} days", window)
    with check.part():
        _encrypted(secret.props, check)
    for replica in secret["replicas"].items():
        with check.part():
            _encrypted(replica, check)


def _encrypted(entry: Value, check: Check) -> None:
    """A key that is not known yet is made in this update, so it is one's own."""
    key = entry["kmsKeyId"]
    if not entry.known:
        raise Undetermined(entry.path, "is not known before the update")
    if not key.present or (key.known and _AWS_KEY in key.text()):
        check.violation("the secret is encrypted with AWS's key", key)


class Rotation(Settings):
    maximum_days: int = Field(default=90, ge=1, description="The longest that a secret may stay the same.")


@stack_rule(
    "sm-rotation",
    types(SECRET, ROTATION),
    title="Secrets are rotated",
    why="A secret that never changes is worth stealing for as long as the system lives.",
    fix="Add a SecretRotation that runs within the maximum; exempt what cannot be, with a reason.",
    severity=Severity.MEDIUM,
    refs="FSBP SecretsManager.1, FSBP SecretsManager.4, CKV 2_AWS_57, CKV AWS_304",
    dev="disabled",
    prod="mandatory",
    settings=Rotation,
    departs="The allow-list is the rule's exemptions, each with a reason and an end. Secrets that RDS "
    "manages are no resources of a stack, and RDS rotates them.",
)
def rotation(stack: Stack, check: Check) -> None:
    maximum = check.settings(Rotation).maximum_days
    for secret in stack.of(SECRET):
        with check.on(secret):
            rotations = stack.companions(secret, ROTATION, "secretId")
            if not rotations:
                check.violation("nothing rotates the secret")
            for one in rotations:
                with check.part():
                    if not one["rotationEnabled"].truth(default=True):
                        check.violation(f"the rotation {one.name} is switched off", one["rotationEnabled"])
                with check.part():
                    if _days(one["rotationRules"]) > maximum:
                        check.violation(
                            f"the rotation {one.name} waits longer than {maximum} days", one["rotationRules"]
                        )


def _days(rules: Value) -> float:
    """The longest time between two rotations."""
    schedule = rules["scheduleExpression"]
    if not schedule.present:
        return rules["automaticallyAfterDays"].number(default=float("inf"))
    text = schedule.text().strip()
    if found := _RATE.match(text):
        return float(found[1]) / (24 if found[2].lower() == "hour" else 1)
    if found := _CRON.match(text):
        return _days_between(found["months"], schedule)
    raise Undetermined(schedule.path, "is not a schedule")


def _days_between(months: str, schedule: Value) -> float:
    """At most, for a cron expression that is due in these months: each is taken for 31 days."""
    if months in ("*", "?"):
        return _LONGEST_MONTH
    if found := _EVERY.match(months):
        return float(found[1]) * _LONGEST_MONTH
    if not _MONTHS.match(months):
        raise Undetermined(schedule.path, "names months in a way that is not read")
    due = sorted({int(month) for month in months.split(",")})
    return max(later - one for one, later in pairwise([*due, due[0] + 12])) * _LONGEST_MONTH
