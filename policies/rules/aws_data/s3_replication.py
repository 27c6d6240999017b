"""Backups exist in another region, too."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_policy import Severity

from policies.lib.buckets import BUCKET, BucketRoles, either, role, said
from policies.lib.check import Check
from policies.lib.logic import any_holds
from policies.lib.regions import are_apart, region_of, region_of_arn
from policies.lib.resources import Resource, Stack, identities
from policies.lib.rule import stack_rule
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"


@stack_rule(
    "s3-crr",
    types(BUCKET, REPLICATION),
    title="Backups are copied to a bucket in another region, under a key there",
    why="What takes a region away takes its backups, too.",
    fix="Give buckets of backups a BucketReplicationConfig with an enabled rule for all objects, KMS objects "
    "included, whose destination is a bucket in another region with a replicaKmsKeyId there, and say in "
    "deleteMarkerReplication whether deletions follow.",
    severity=Severity.HIGH,
    refs="FSBP S3.7, CKV AWS_144",
    dev="disabled",
    prod="mandatory",
    settings=BucketRoles,
)
def cross_region_replication(stack: Stack, check: Check) -> None:
    roles = check.settings(BucketRoles)
    for bucket in stack.of(BUCKET):
        with check.on(bucket):
            if role(bucket, roles) in roles.backups:
                _judge(stack, bucket, check)


def _judge(stack: Stack, bucket: Resource, check: Check) -> None:
    configs = stack.companions(bucket, REPLICATION, "bucket")
    declared = said(stack, bucket, REPLICATION, "replicationConfiguration", "replicationConfigurations")
    rules = [rule for one in declared for rule in one["rules"].items()]
    with check.part():
        if not any_holds(*(lambda rule=rule: _is_on(rule) and _for_all(rule) for rule in rules)):
            check.violation("no enabled rule copies all objects")
    targets = _targets(stack, bucket, configs)
    for rule in rules:
        with check.part():
            if _is_on(rule):
                _judge_rule(rule, bucket, targets, check)


def _is_on(rule: Value) -> bool:
    return rule["status"].text() == "Enabled"


def _for_all(rule: Value) -> bool:
    where = either(rule, "filter", "filters")
    return (
        not rule["prefix"].text()
        and not where["prefix"].text()
        and not where["and"].entries()
        and not where["tag"].entries()
        and not where["tags"].entries()
    )


def _judge_rule(rule: Value, bucket: Resource, targets: Sequence[Resource], check: Check) -> None:
    destination = either(rule, "destination", "destinations")
    key = either(destination, "encryptionConfiguration")["replicaKmsKeyId"]
    key = key if key.present else destination["replicaKmsKeyId"]
    with check.part():
        if not are_apart(region_of(bucket), _region(destination["bucket"], key, targets)):
            check.violation("the copies are in the same region", destination["bucket"])
    with check.part():
        if not key.present:
            check.violation("no key is named for the copies", key)
        elif not _copies_kms_objects(rule):
            check.violation("objects that KMS encrypts are left out", rule["sourceSelectionCriteria"])
    marker = either(rule, "deleteMarkerReplication")["status"]
    if not marker.present and not rule["deleteMarkerReplicationStatus"].present:
        check.violation("nothing says whether deletions follow", marker)


def _copies_kms_objects(rule: Value) -> bool:
    criteria = either(rule, "sourceSelectionCriteria", "sourceSelectionCriterias")
    objects = either(criteria, "sseKmsEncryptedObjects")
    if objects["status"].present:
        return objects["status"].text() == "Enabled"
    return objects["enabled"].truth(default=False)


def _targets(stack: Stack, bucket: Resource, configs: Sequence[Resource]) -> list[Resource]:
    """Buckets of this stack that the rules' values were made from."""
    urns = {urn for config in configs for urn in config.dependencies.get("rules", ())} - {bucket.urn}
    return [one for urn in sorted(urns) if (one := stack.get(urn)) and one.type == BUCKET]


def _region(arn: Value, key: Value, targets: Sequence[Resource]) -> str:
    """Where the copies are: a bucket's ARN names no region, but its key is where it is."""
    if arn.known:
        for one in targets:
            if arn.text() in identities(one):
                return region_of(one)
    elif len(targets) == 1:
        return region_of(targets[0])
    if region := region_of_arn(key):
        return region
    raise Undetermined(arn.path, "is in a region that nothing here says")
