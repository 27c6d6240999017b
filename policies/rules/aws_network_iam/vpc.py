"""Networks that keep records, and default groups that admit nobody."""

from __future__ import annotations

from functools import partial

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.logic import all_hold, any_holds
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.traffic import DEFAULT_SECURITY_GROUP, EGRESS_RULE, INGRESS_RULE, SECURITY_GROUP_RULE
from policies.lib.types import types
from policies.lib.values import Value

VPC = "aws:ec2/vpc:Vpc"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
RULES_OF_THEIR_OWN = (SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)


@stack_rule(
    "net-flow-logs",
    types(VPC, FLOW_LOG),
    title="Every VPC records its connections",
    why="Without flow logs nobody can say afterwards who talked to whom.",
    fix="Give the VPC a FlowLog with trafficType ALL or REJECT and a logDestination.",
    severity=Severity.HIGH,
    refs="FSBP EC2.6, CIS 3.7, CKV 2_AWS_11",
    dev="advisory",
    prod="mandatory",
)
def flow_logs(stack: Stack, check: Check) -> None:
    for vpc in stack.of(VPC):
        with check.on(vpc):
            logs = stack.companions(vpc, FLOW_LOG, "vpcId")
            if not any_holds(*(partial(_records, log) for log in logs)):
                check.violation("no flow log with a destination records its rejected connections")


def _records(log: Resource) -> bool:
    return all_hold(
        lambda: log["trafficType"].text().upper() in ("ALL", "REJECT"),
        # `logGroupName` is how older versions of the provider say it.
        lambda: log["logDestination"].present or log["logGroupName"].present,
    )


def _empty(draft: Draft, _: Settings) -> None:
    if draft.type == DEFAULT_SECURITY_GROUP:
        draft.put("ingress", [])
        draft.put("egress", [])


@stack_rule(
    "net-default-sg-closed",
    types(VPC, DEFAULT_SECURITY_GROUP, RULES_OF_THEIR_OWN),
    title="The default security group of every VPC is managed and empty",
    why="What names no group gets the default one, which admits all of its own members and lets all out.",
    fix="Give the VPC a DefaultSecurityGroup without ingress and egress, and put rules into other groups.",
    severity=Severity.HIGH,
    refs="FSBP EC2.2, CIS 5.5, CKV 2_AWS_12",
    dev="mandatory",
    prod="mandatory",
    remedy=_empty,
)
def default_group_closed(stack: Stack, check: Check) -> None:
    for vpc in stack.of(VPC):
        with check.on(vpc):
            if not stack.companions(vpc, DEFAULT_SECURITY_GROUP, "vpcId"):
                check.violation("its default security group is as AWS made it, open to its members")
        for type_ in RULES_OF_THEIR_OWN:
            with check.on(vpc):
                # Through `defaultSecurityGroupId` of the VPC.
                _refuse(stack.companions(vpc, type_, "securityGroupId"), check)
    for group in stack.of(DEFAULT_SECURITY_GROUP):
        with check.on(group):
            for direction in ("ingress", "egress"):
                with check.part():
                    _expect_none(group[direction], direction, check)
            for type_ in RULES_OF_THEIR_OWN:
                with check.part():
                    _refuse(stack.companions(group, type_, "securityGroupId"), check)


def _expect_none(rules: Value, direction: str, check: Check) -> None:
    if any(rule.entries() for rule in rules.items()):
        check.violation(f"the default security group has {direction} rules", rules)


def _refuse(rules: list[Resource], check: Check) -> None:
    for rule in rules:
        with check.on(rule):
            check.violation("it adds to a default security group")
