"""What a region's end leaves of the databases."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.regions import are_apart, region_of, region_of_arn
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.types import types

INSTANCE = "aws:rds/instance:Instance"
COPY = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")
_RETENTION_OF_COPIES = 7
"""Days, where a copy does not say."""


@stack_rule(
    "dr-second-region",
    types(INSTANCE, COPY, KEYS),
    title="A database can be restored to any second in another region",
    why="Automated backups stay in the database's region, and go with it.",
    fix="Add an InstanceAutomatedBackupsReplication for the database in another region, with a kmsKeyId of "
    "that region and a retentionPeriod as long as the database's backupRetentionPeriod.",
    severity=Severity.HIGH,
    refs="CKV AWS_245",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html",
    dev="disabled",
    prod="mandatory",
    departs="Replication of buckets is s3-crr, and AWS Backup's copies are bkp-copy-region: neither restores "
    "a database to a second. Aurora has no such copies, so clusters are left to bkp-copy-region.",
)
def second_region(stack: Stack, check: Check) -> None:
    for db in stack.of(INSTANCE):
        with check.on(db):
            if db["replicateSourceDb"].present or _is_aurora(db):
                continue
            copies = stack.companions(db, COPY, "sourceDbInstanceArn")
            if not copies:
                check.violation("nothing copies its backups to another region")
            for copy in copies:
                _judge(stack, db, copy, check)


def _is_aurora(db: Resource) -> bool:
    return db["engine"].known and db["engine"].text().startswith("aurora")


def _judge(stack: Stack, db: Resource, copy: Resource, check: Check) -> None:
    with check.part():
        source = region_of_arn(copy["sourceDbInstanceArn"]) or region_of(db)
        if not are_apart(source, region_of(copy)):
            check.violation("the copies of its backups are in its own region")
    with check.part():
        key = copy["kmsKeyId"]
        if not key.present:
            check.violation("no key is named for the copies", key)
        elif _key_is_elsewhere(stack, copy):
            check.violation("the copies' key is of another region than they are", key)
    with check.part():
        kept = copy["retentionPeriod"].number(default=_RETENTION_OF_COPIES)
        wanted = db["backupRetentionPeriod"].number(default=0)
        if kept < wanted:
            check.violation("the copies are kept for less time than the backups", copy["retentionPeriod"])


def _key_is_elsewhere(stack: Stack, copy: Resource) -> bool:
    key = copy["kmsKeyId"]
    region = region_of_arn(key)
    if not region:
        found = stack.target(copy, "kmsKeyId", *KEYS)
        if found is None:
            return False
        region = region_of(found)
    return are_apart(region, region_of(copy))
