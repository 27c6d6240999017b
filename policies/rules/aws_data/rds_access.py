"""From where a database can be reached."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.rds import CLUSTER, DATABASES, INSTANCE, SERVERS, is_replica
from policies.lib.remedy import put
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.subnets import SUBNET, SUBNET_TYPES, why_public
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

SUBNET_GROUP = "aws:rds/subnetGroup:SubnetGroup"
_ENOUGH_ZONES = 2
_ZONE = ("availabilityZone", "availabilityZoneId")


@resource_rule(
    "rds-private",
    SERVERS,
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
        check.violation("it asks for a public address", public)


@stack_rule(
    "rds-private-subnets",
    DATABASES | types(SUBNET_GROUP) | SUBNET_TYPES,
    title="A database lies in private subnets of two zones, behind security groups of its own",
    why="Without a subnet group RDS takes the default VPC, whose subnets are public; without security groups "
    "it takes the VPC's default one, which everything shares.",
    fix="Name a subnet group of private subnets in two availability zones, and the security groups.",
    severity=Severity.HIGH,
    refs="FSBP RDS.18, FSBP RDS.46",
    dev="mandatory",
    prod="mandatory",
)
def private_subnets(stack: Stack, check: Check) -> None:
    for db in stack.of(INSTANCE, CLUSTER):
        with check.on(db):
            with check.part():
                groups = db["vpcSecurityGroupIds"]
                if not groups.present or (groups.known and not groups.items()):
                    check.violation("it names no security group", groups)
            name = db["dbSubnetGroupName"]
            if name.present:
                _judge_subnets(stack, db, check)
            elif not is_replica(db):  # which lies where the database lies that it follows
                check.violation("it names no subnet group", name)


def _judge_subnets(stack: Stack, db: Resource, check: Check) -> None:
    name = db["dbSubnetGroupName"]
    group = stack.target(db, "dbSubnetGroupName", SUBNET_GROUP)
    if group is None:
        raise Undetermined(name.path, "names a subnet group outside this stack")
    subnets = stack.targets(group, "subnetIds", SUBNET)
    for subnet in subnets:
        with check.part():
            if why := why_public(stack, subnet):
                check.violation(f"a subnet of its subnet group {why}", name)
    ids = group["subnetIds"]
    outside = ids.known and len({one.text() for one in ids.items() if one.known}) > len(subnets)
    zones = {zone.text() for subnet in subnets if (zone := _zone(subnet)).known and zone.present}
    if not subnets or outside:
        raise Undetermined(ids.path, "names subnets outside this stack")
    if len(zones) < _ENOUGH_ZONES:
        _all_known(subnets)
        check.violation("all subnets of its subnet group lie in one availability zone", name)


def _zone(subnet: Resource) -> Value:
    named = [subnet[prop] for prop in _ZONE if subnet[prop].present]
    return next((zone for zone in named if zone.known), named[0] if named else subnet[_ZONE[0]])


def _all_known(subnets: list[Resource]) -> None:
    for subnet in subnets:
        zone = _zone(subnet)
        if not zone.present:
            raise Undetermined(zone.path, "of a subnet is left to AWS")
        zone.text()
