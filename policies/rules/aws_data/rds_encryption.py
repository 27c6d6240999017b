"""Databases whose storage and insights only their own keys open."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.rds import DATABASES, INSTANCE, MEMBER, is_made_from_another, takes_over
from policies.lib.remedy import Draft
from policies.lib.resources import Resource
from policies.lib.rule import Unknown, resource_rule
from policies.lib.settings import CreateOnly, Settings
from policies.lib.types import types
from policies.lib.values import Value

_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide"
_AWS_KEY = ":alias/aws/"


def _encrypt(draft: Draft, _: Settings) -> None:
    if not is_made_from_another(draft):  # RDS encrypts those as the other one, and takes no other wish
        draft.put("storageEncrypted", value=True)


@resource_rule(
    "rds-encrypted",
    DATABASES,
    title="A database's storage is encrypted",
    why="Its volumes, snapshots and backups are readable to whoever gets hold of them otherwise.",
    fix="Set storageEncrypted to true; a database that exists is copied into an encrypted one by a snapshot.",
    severity=Severity.CRITICAL,
    refs="FSBP RDS.3, FSBP RDS.27, CIS 2.2.1, CKV AWS_16",
    dev="mandatory",
    prod="mandatory",
    settings=CreateOnly,
    remedy=_encrypt,
)
def encrypted(db: Resource, check: Check) -> None:
    wanted = db["storageEncrypted"]
    if not takes_over(db, wanted) and not wanted.truth(default=False):
        check.violation("the storage is not encrypted", wanted)


def _is_own(key: Value) -> bool:
    """Whether there is a key, and not the one that AWS keeps for everybody in the account."""
    if not key.present:
        return False
    return not key.known or _AWS_KEY not in f":{key.text()}"


@resource_rule(
    "rds-cmk",
    DATABASES,
    title="A database is encrypted with a key of the stack's own",
    why="AWS's key for RDS cannot be shared with another account, nor restricted, nor turned off.",
    fix="Set kmsKeyId to a key of the stack's own before the database exists.",
    severity=Severity.MEDIUM,
    refs="DOC Encrypting Amazon RDS resources",
    url=f"{_GUIDE}/Overview.Encryption.html",
    dev="advisory",
    prod="mandatory",
    unknown=Unknown.SET,
)
def own_key(db: Resource, check: Check) -> None:
    key = db["kmsKeyId"]
    if not takes_over(db, key) and not _is_own(key):
        check.violation("the storage is not under a key of the stack's own", key)


@resource_rule(
    "rds-insights-encrypted",
    types(INSTANCE, MEMBER),
    title="Performance Insights are on, under a key of the stack's own",
    why="They show what burdens the database, by the text of its statements, which is worth a key.",
    fix="Set performanceInsightsEnabled, and performanceInsightsKmsKeyId to a key of the stack's own.",
    severity=Severity.LOW,
    refs="CKV AWS_353, CKV AWS_354",
    url=f"{_GUIDE}/USER_PerfInsights.Overview.html",
    dev="advisory",
    prod="mandatory",
)
def insights(db: Resource, check: Check) -> None:
    enabled, key = db["performanceInsightsEnabled"], db["performanceInsightsKmsKeyId"]
    if not enabled.truth(default=False):
        check.violation("Performance Insights are off", enabled)
    elif not _is_own(key):
        check.violation("Performance Insights are not under a key of the stack's own", key)
