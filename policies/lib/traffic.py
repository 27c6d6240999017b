"""What security groups and network ACLs let through, in whatever form it is written.

Every reader answers from what is known, and raises `Undetermined` only where an unknown could change the
answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from policies.lib.logic import Question, all_hold
from policies.lib.net import Ports, any_world, ports, protocol_name, reaches
from policies.lib.resources import Resource
from policies.lib.types import types
from policies.lib.values import Value

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
SECURITY_GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
NETWORK_ACL = "aws:ec2/networkAcl:NetworkAcl"
DEFAULT_NETWORK_ACL = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
NETWORK_ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
NETWORK_ACLS = types(NETWORK_ACL, DEFAULT_NETWORK_ACL, NETWORK_ACL_RULE)
"""The forms in which a network ACL's entries are written; see `types.SECURITY_GROUP_RULES` for groups."""

_NOTHING = Value(None)


class Direction(Enum):
    """Seen from what the group or the ACL protects."""

    INGRESS = "ingress"
    EGRESS = "egress"


@dataclass(frozen=True)
class Traffic:
    """What one rule of a security group, or one entry of a network ACL, is about."""

    at: Value
    """Where it is written, for messages."""
    protocol: Value
    first_port: Value
    last_port: Value
    cidrs: tuple[Value, ...]
    """Lists of address ranges, or single ones."""
    groups: tuple[Value, ...] = ()
    """Security groups, likewise; a rule about its own group names none."""
    prefix_lists: tuple[Value, ...] = ()
    description: Value = _NOTHING
    allows: Value = _NOTHING
    """`allow` or `deny` in an ACL; security groups only allow."""
    number: Value = _NOTHING
    """An ACL's entries are read in this order, and the first that fits decides."""
    own_direction: Value = _NOTHING
    """Of a rule that says itself which it is, where that is not known yet."""

    def protocol_name(self) -> str:
        """See `net.protocol_name`."""
        return protocol_name(self.protocol)

    def ports(self) -> Ports | None:
        """See `net.ports`."""
        return ports(self.protocol, self.first_port, self.last_port)

    def reaches(self, port: int) -> bool:
        """Whether it is about that TCP or UDP port."""
        return reaches(port, self.protocol, self.first_port, self.last_port)

    def reaches_all(self) -> bool:
        """Whether it is about every protocol, or every port of one."""
        found = self.ports()
        return found is not None and found.all

    def is_world(self) -> bool:
        """Whether it is about so many addresses that anybody may have one."""
        return any_world(self.ranges())

    def ranges(self) -> list[Value]:
        """Its address ranges; a list of which nothing is known is one unknown."""
        return [one for cidrs in self.cidrs for one in _elements(cidrs)]

    def holds(self, *questions: Question) -> bool:
        """Whether it is of the direction that was asked for, and each of these is answered with yes.

        Raises:
            Undetermined: no answer is no, and one of them cannot be given.
        """
        return all_hold(self._is_of_direction, *questions)

    def _is_of_direction(self) -> bool:
        self.own_direction.text()
        return True


def _elements(value: Value) -> list[Value]:
    return value.items() if value.known or not value.present else [value]


def security_rules(resource: Resource, direction: Direction) -> Iterator[Traffic]:
    """The rules of that direction in a security group, or the one that a resource of its own stands for.

    Raises:
        Undetermined: the list of rules as a whole is unknown.
    """
    props = resource.props
    if resource.type in (SECURITY_GROUP, DEFAULT_SECURITY_GROUP):
        yield from (_inline_rule(one) for one in props[direction.value].items())
    elif resource.type == SECURITY_GROUP_RULE:
        kind = props["type"]
        if _is_open(kind) or kind.text() == direction.value:
            yield _standalone_rule(props, kind if _is_open(kind) else _NOTHING)
    elif resource.type == (INGRESS_RULE if direction is Direction.INGRESS else EGRESS_RULE):
        yield Traffic(
            props["ipProtocol"],
            props["ipProtocol"],
            props["fromPort"],
            props["toPort"],
            cidrs=(props["cidrIpv4"], props["cidrIpv6"]),
            groups=(props["referencedSecurityGroupId"],),
            prefix_lists=(props["prefixListId"],),
            description=props["description"],
        )


def _is_open(value: Value) -> bool:
    return value.present and not value.known


def _inline_rule(rule: Value) -> Traffic:
    return Traffic(
        rule,
        rule["protocol"],
        rule["fromPort"],
        rule["toPort"],
        cidrs=(rule["cidrBlocks"], rule["ipv6CidrBlocks"]),
        groups=(rule["securityGroups"],),
        prefix_lists=(rule["prefixListIds"],),
        description=rule["description"],
    )


def _standalone_rule(rule: Value, own_direction: Value) -> Traffic:
    return replace(
        _inline_rule(rule),
        at=rule["protocol"],
        groups=(rule["sourceSecurityGroupId"],),
        own_direction=own_direction,
    )


def acl_entries(resource: Resource, direction: Direction) -> Iterator[Traffic]:
    """The entries of that direction in a network ACL, or the one that a resource of its own stands for.

    Raises:
        Undetermined: the list of entries as a whole is unknown.
    """
    props = resource.props
    if resource.type in (NETWORK_ACL, DEFAULT_NETWORK_ACL):
        yield from (_acl_entry(one, one, "action", "ruleNo") for one in props[direction.value].items())
    elif resource.type == NETWORK_ACL_RULE:
        egress = props["egress"]
        if _is_open(egress) or egress.truth(default=False) == (direction is Direction.EGRESS):
            entry = _acl_entry(props, egress, "ruleAction", "ruleNumber")
            yield replace(entry, own_direction=egress) if _is_open(egress) else entry


def _acl_entry(entry: Value, at: Value, action: str, number: str) -> Traffic:
    return Traffic(
        at,
        entry["protocol"],
        entry["fromPort"],
        entry["toPort"],
        cidrs=(entry["cidrBlock"], entry["ipv6CidrBlock"]),
        allows=entry[action],
        number=entry[number],
    )
