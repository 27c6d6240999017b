"""Databases let in who was put into a group, not who got an address."""

from __future__ import annotations

from functools import partial

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.groups import Groups, joined, references
from policies.lib.logic import Question, all_hold, any_holds
from policies.lib.net import Network, is_within, network
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.traffic import Direction, Traffic, security_rules
from policies.lib.types import SECURITY_GROUP_RULES, types
from policies.lib.values import Value

DATABASES = ("aws:rds/instance:Instance", "aws:rds/cluster:Cluster")
VPC = "aws:ec2/vpc:Vpc"
ADDED_RANGE = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
_WIDEST_VPC = {4: 16, 6: 44}
"""Prefix lengths of the widest ranges that AWS gives a VPC."""


@stack_rule(
    "net-sg-db-peer-is-sg",
    SECURITY_GROUP_RULES | types(DATABASES, VPC, ADDED_RANGE),
    title="Databases admit security groups",
    why="A range admits whatever gets an address in it; a group admits what was put into it.",
    fix="Name the security group of what calls the database; no prefix list, and no range outside its VPC.",
    severity=Severity.HIGH,
    refs="FSBP EC2.19",
    dev="advisory",
    prod="mandatory",
    departs=(
        "A range inside the VPC is let pass: pods and functions may have no group of their own. Where the "
        "VPC is not in the stack, that is a private range no wider than AWS gives a VPC."
    ),
)
def database_peers(stack: Stack, check: Check) -> None:
    used = [references(db, "vpcSecurityGroupIds") for db in stack.of(*DATABASES)]
    if not used:
        return
    guarded = joined(used)
    groups, networks = Groups(stack), _Vpcs(stack)
    for resource in groups.all:
        with check.on(resource):
            group = groups.of(resource)
            guards = partial(any_holds, partial(guarded.meet, group.keys), group.is_more)
            for rule in _rules(resource, guards):
                with check.part():
                    if rule.holds(guards, partial(networks.is_foreign, groups.get(group), rule)):
                        check.violation("the database admits more than groups and its own network", rule.at)


def _rules(resource: Resource, guards: Question) -> list[Traffic]:
    """Its rules; none where they are another group's, so that it matters little whether they are known."""
    rules: list[Traffic] = []

    def has_some() -> bool:
        rules.extend(security_rules(resource, Direction.INGRESS))
        return bool(rules)

    return rules if all_hold(has_some, guards) else []


class _Vpcs:
    """The ranges of the networks of a stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def is_foreign(self, group: Resource | None, rule: Traffic) -> bool:
        """Whether the rule admits a prefix list, or a range that is not inside the group's network."""
        return any_holds(
            *(lambda value=value: any(value.texts()) for value in rule.prefix_lists),
            *(lambda value=value: not self._is_inside(group, network(value)) for value in rule.ranges()),
        )

    def _is_inside(self, group: Resource | None, admitted: Network) -> bool:
        if admitted.prefixlen < _WIDEST_VPC[admitted.version]:
            return False
        vpc = self._stack.target(group, "vpcId", VPC) if group else None
        if vpc is None:
            return admitted.is_private
        ranges = self._ranges(vpc, admitted.version)
        return any_holds(*(lambda one=one: is_within(admitted, [network(one)]) for one in ranges))

    def _ranges(self, vpc: Resource, version: int) -> list[Value]:
        if version == 6:
            return [vpc["ipv6CidrBlock"]] if vpc["ipv6CidrBlock"].present else []
        added = self._stack.companions(vpc, ADDED_RANGE, "vpcId")
        return [vpc["cidrBlock"], *(one["cidrBlock"] for one in added)]
