"""Security groups that say what they are for, let out what they must, and have one owner."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.groups import Groups
from policies.lib.resources import Resource, Stack, identities
from policies.lib.rule import Unknown, resource_rule, stack_rule
from policies.lib.traffic import (
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    INGRESS_RULE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    Direction,
    Traffic,
    security_rules,
)
from policies.lib.types import SECURITY_GROUP_RULES
from policies.lib.values import Value

EGRESS_OPEN = "egress-open"
"""Tag of a group that may let everything out."""
_NO = ("", "false", "no", "0")
_SAYS_NOTHING = ("", "-", "managed by pulumi", "managed by terraform", "default", "none", "n/a")

# (direction, protocol, first port, last port, peer)
_Permission = tuple[str, str, float, float, str]


@stack_rule(
    "net-sg-egress-scoped",
    SECURITY_GROUP_RULES,
    title="Nothing is let out to everywhere by every protocol",
    why="What breaks in sends data out by whatever way is open.",
    fix=(
        "Name the port and the group or range that is called; tag a group that must reach everything with "
        f"{EGRESS_OPEN} and why."
    ),
    severity=Severity.MEDIUM,
    refs="CKV AWS_382",
    dev="advisory",
    prod="mandatory",
    url="https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    departs=(
        "It is about every group in dev, too, where it only advises; and it judges the stack, since a rule "
        "that is a resource of its own does not carry its group's tags."
    ),
)
def egress_scoped(stack: Stack, check: Check) -> None:
    groups = Groups(stack)
    for resource in groups.all:
        with check.on(resource):
            owner = groups.get(groups.of(resource))
            for rule in security_rules(resource, Direction.EGRESS):
                with check.part():
                    if rule.holds(rule.reaches_all, rule.is_world, lambda owner=owner: not _may_open(owner)):
                        check.violation("everything is let out to everywhere", rule.at)


def _may_open(group: Resource | None) -> bool:
    return group is not None and group["tags"][EGRESS_OPEN].text().strip().lower() not in _NO


@resource_rule(
    "net-sg-described",
    SECURITY_GROUP_RULES,
    title="Security groups and their rules say what they are for",
    why="A rule that nobody can explain is one that nobody dares to remove.",
    fix="Give the group, and each of its rules, a description of who needs it and why.",
    severity=Severity.LOW,
    refs="CKV AWS_23",
    dev="advisory",
    prod="advisory",
    url="https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html",
    unknown=Unknown.SET,
    departs=(
        "There is no remedy: what a machine would write explains nothing, and a new description of a group "
        "replaces the group."
    ),
)
def described(resource: Resource, check: Check) -> None:
    if resource.type in (SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE):
        _expect_words("the rule", resource["description"], check)
        return
    if resource.type == SECURITY_GROUP:  # AWS words that of a default group
        _expect_words("the group", resource["description"], check)
    for direction in Direction:
        rules = resource[direction.value]
        for rule in rules.items() if rules.known else []:
            if rule.known:
                _expect_words("one of its rules", rule["description"], check)


def _expect_words(what: str, description: Value, check: Check) -> None:
    if not description.present or (description.known and description.text().strip().lower() in _SAYS_NOTHING):
        check.violation(f"{what} does not say what it is for", description)


@stack_rule(
    "net-sg-single-owner",
    SECURITY_GROUP_RULES,
    title="A group's rules are all in it, or all beside it",
    why="A group that lists rules removes the others at each update, and they come back at the next.",
    fix="Move the rules of the group into resources of their own, or all of them into the group.",
    severity=Severity.MEDIUM,
    refs="",
    dev="mandatory",
    prod="mandatory",
    url="https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/",
    departs=(
        "After a refresh the state of a group lists the rules beside it, too: what those say as well is not "
        "taken for the group's own."
    ),
)
def single_owner(stack: Stack, check: Check) -> None:
    for group in stack.of(SECURITY_GROUP, DEFAULT_SECURITY_GROUP):
        for direction in Direction:
            with check.on(group):
                inline = list(security_rules(group, direction))
                beside = _beside(stack, group, direction) if inline else []
                if not beside:
                    continue
                itself = identities(group)
                said = {one for rule in beside for one in _permissions(rule, direction, itself)}
                for rule in inline:
                    with check.part():
                        if not set(_permissions(rule, direction, itself)) <= said:
                            check.violation("it lists rules, and others are beside it", rule.at)


def _beside(stack: Stack, group: Resource, direction: Direction) -> list[Traffic]:
    return [
        rule
        for type_ in (SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)
        for resource in stack.companions(group, type_, "securityGroupId")
        for rule in security_rules(resource, direction)
    ]


def _permissions(rule: Traffic, direction: Direction, itself: set[str]) -> Iterator[_Permission]:
    """What AWS makes of a rule: one permission for each peer."""
    ports = rule.ports()
    first, last = (
        (ports.first, ports.last)
        if ports
        else (rule.first_port.number(default=-1), rule.last_port.number(default=-1))
    )
    peers = [
        item.text()
        for value in (*rule.cidrs, *rule.groups, *rule.prefix_lists)
        for item in value.items()
        if item.present
    ]
    for peer in peers or [""]:
        # The group itself is named by its id, or by `self`.
        yield (direction.value, rule.protocol_name(), first, last, "" if peer in itself else peer)
