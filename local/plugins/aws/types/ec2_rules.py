"""A security group's rules in EC2's API, for rules inside a group and for rules that are resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from local.plugins.aws.resource import Aws
from local.plugins.aws.types.ec2_shared import client

Direction = Literal["ingress", "egress"]
Source = Literal["CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId"]

_IN_A_PERMISSION: Mapping[Source, tuple[str, str]] = {
    "CidrIpv4": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "PrefixListId": ("PrefixListIds", "PrefixListId"),
    "ReferencedGroupId": ("UserIdGroupPairs", "GroupId"),
}
_NAMES = {"all": "-1", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}


@dataclass(frozen=True)
class Rule:
    """One protocol, one range of ports, one source (or destination)."""

    protocol: str
    ports: tuple[int, int] | None
    """None for all protocols, which have no ports."""
    kind: Source
    source: str
    description: str = ""

    @classmethod
    def of(
        cls, protocol: str, ports: tuple[Any, Any], kind: Source, source: str, description: str | None
    ) -> Rule:
        """With AWS's own name of the protocol."""
        name = _NAMES.get(protocol.lower(), protocol.lower())
        return cls(name, None if name == "-1" else ports, kind, source, description or "")

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Rule:
        """From `DescribeSecurityGroupRules`."""
        kind, source = source_of(answer)
        ports = (answer.get("FromPort"), answer.get("ToPort"))
        return cls.of(answer["IpProtocol"], ports, kind, source, answer.get("Description"))

    def permission(self) -> dict[str, Any]:
        """For `AuthorizeSecurityGroup…`."""
        field, name = _IN_A_PERMISSION[self.kind]
        described = {"Description": self.description} if self.description else {}
        return {"IpProtocol": self.protocol, **self._ports(), field: [{name: self.source, **described}]}

    def request(self) -> dict[str, Any]:
        """For `ModifySecurityGroupRules`."""
        # The emulation wants ports for all protocols too, and AWS takes -1 for them.
        ports = self._ports() or {"FromPort": -1, "ToPort": -1}
        return {
            "IpProtocol": self.protocol,
            **ports,
            self.kind: self.source,
            "Description": self.description,
        }

    def _ports(self) -> dict[str, int]:
        return {"FromPort": self.ports[0], "ToPort": self.ports[1]} if self.ports else {}


def source_of(answer: Mapping[str, Any]) -> tuple[Source, str]:
    """Which kind of source a described rule has, and which one."""
    group = answer.get("ReferencedGroupInfo")
    if group:
        return "ReferencedGroupId", group["GroupId"]
    for kind in _IN_A_PERMISSION:
        if answer.get(kind):
            return kind, answer[kind]
    raise ValueError(f"rule {answer['SecurityGroupRuleId']} has no source")


def rules_of(aws: Aws, group: str, direction: Direction) -> dict[Rule, str]:
    """The rules that a group has, with their ids."""
    pages = client(aws).get_paginator("describe_security_group_rules")
    found: dict[Rule, str] = {}
    for page in pages.paginate(Filters=[{"Name": "group-id", "Values": [group]}]):
        for answer in page["SecurityGroupRules"]:
            if answer["IsEgress"] == (direction == "egress"):
                found[Rule.read(answer)] = answer["SecurityGroupRuleId"]
    return found


def authorize(aws: Aws, group: str, direction: Direction, rule: Rule, **request: Any) -> str:
    """Add a rule; its id."""
    ec2 = client(aws)
    add = (
        ec2.authorize_security_group_egress if direction == "egress" else ec2.authorize_security_group_ingress
    )
    made = add(GroupId=group, IpPermissions=[rule.permission()], **request)
    return made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


def revoke(aws: Aws, group: str, direction: Direction, ids: Iterable[str]) -> None:
    """Take rules away."""
    ec2, which = client(aws), sorted(ids)
    if which:
        take = (
            ec2.revoke_security_group_egress if direction == "egress" else ec2.revoke_security_group_ingress
        )
        take(GroupId=group, SecurityGroupRuleIds=which)
