"""Who can reach a database, and as whom."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.remedy import put
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.types import types

INSTANCE = types("aws:rds/instance:Instance")


@resource_rule(
    "rds-private",
    INSTANCE,
    title="A database has no public address",
    why="A database that the internet can reach is one leaked password away from everybody.",
    fix="Set publiclyAccessible to false, or leave it out.",
    severity=Severity.CRITICAL,
    refs="FSBP RDS.2, CIS 2.2.3, CKV AWS_17",
    dev="mandatory",
    prod="mandatory",
    remedy=put("publiclyAccessible", False),
)
def private(db: Resource, check: Check) -> None:
    public = db["publiclyAccessible"]
    if public.truth(default=False):
        check.violation("the instance asks for a public address", public)
