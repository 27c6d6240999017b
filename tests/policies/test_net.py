"""Address ranges and ports by arithmetic, and security groups and ACLs in all their forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from policies.lib.net import EVERY_PORT, Ports, any_world, is_within, network, ports, reaches
from policies.lib.resources import Resource
from policies.lib.traffic import Direction, Traffic, acl_entries, security_rules
from policies.lib.values import Undetermined, Value
from tests.support.policies import UNKNOWN

IN, OUT = Direction.INGRESS, Direction.EGRESS
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ACL = "aws:ec2/networkAcl:NetworkAcl"
ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"


def values(*raw: object) -> list[Value]:
    return [Value(one, f"[{index}]") for index, one in enumerate(raw)]


def resource(type_: str, props: Mapping[str, Any]) -> Resource:
    return Resource(type_, f"urn:pulumi:prod::roost::{type_}::it", "it", Value(props))


@pytest.mark.parametrize(
    "ranges",
    [
        ("0.0.0.0/0",),
        ("::/0",),
        ("10.0.0.0/16", "0.0.0.0/0"),
        ("0.0.0.0/1", "128.0.0.0/1"),
        ("64.0.0.0/7",),
        ("203.0.113.7/0",),  # AWS takes the address of the range
        ("2000::/3",),
        ("2000::/10",),
        tuple(f"{first}.0.0.0/8" for first in range(256)),
        ("64.0.0.0/8", "65.0.0.0/8"),
        ("::/0", "0.0.0.0/32"),
        (" 0.0.0.0/0 ",),
    ],
)
def test_the_world_is_told_by_arithmetic(ranges: tuple[str, ...]) -> None:
    assert any_world(values(*ranges))
    assert any_world(values(UNKNOWN, *ranges, "nonsense"))  # no unknown hides it


@pytest.mark.parametrize(
    "ranges",
    [
        (),
        ("10.0.0.0/8",),
        ("64.0.0.0/8", "66.0.0.0/8"),  # no range together
        ("0.0.0.0",),  # one address
        ("0.0.0.0/32",),
        ("fc00::/7",),
        ("fe80::/10",),
        ("2001:db8::/32",),
        ("203.0.113.0/24", "198.51.100.0/24"),
    ],
)
def test_a_part_of_the_world_is_not_the_world(ranges: tuple[str, ...]) -> None:
    assert not any_world(values(*ranges))
    with pytest.raises(Undetermined, match=r"is not known"):
        any_world(values(*ranges, UNKNOWN))


@pytest.mark.parametrize("text", ["not-a-cidr", "10.0.0.0/33", "1.2.3", "", "10/8", "::/129", 12.0, True, []])
def test_what_is_no_range_is_undetermined(text: object) -> None:
    with pytest.raises(Undetermined, match=r"^cidr is not a (CIDR|text)$"):
        network(Value(text, "cidr"))


def test_a_range_lies_within_another_of_its_own_kind() -> None:
    vpc = [network(Value("10.32.0.0/16")), network(Value("fd00::/56"))]
    assert is_within(network(Value("10.32.7.0/24")), vpc)
    assert is_within(network(Value("fd00::7")), vpc)
    assert not is_within(network(Value("10.32.0.0/15")), vpc)
    assert not is_within(network(Value("::/0")), vpc)


@pytest.mark.parametrize(
    ("protocol", "first", "last", "expected"),
    [
        ("tcp", 22, 22, Ports(22, 22)),
        ("TCP", "22", 22.0, Ports(22, 22)),
        ("6", 0, 65535, EVERY_PORT),
        (6.0, 0, 65535, EVERY_PORT),
        ("udp", -1, -1, EVERY_PORT),
        ("tcp", None, None, EVERY_PORT),
        ("-1", 0, 0, EVERY_PORT),
        (-1.0, 443, 443, EVERY_PORT),
        ("all", None, None, EVERY_PORT),
        (None, 443, 443, EVERY_PORT),  # no protocol is no limit
        ("icmp", 0, 255, None),  # types and codes, not ports
        ("icmpv6", -1, -1, None),
        ("50", None, None, None),
    ],
)
def test_ports(protocol: object, first: object, last: object, expected: Ports | None) -> None:
    assert ports(Value(protocol), Value(first), Value(last)) == expected


def test_every_port_but_0_is_every_port() -> None:
    assert Ports(1, 65535).all
    assert not Ports(2, 65535).all
    assert not Ports(0, 65534).all


@pytest.mark.parametrize(
    ("protocol", "first", "last", "expected"),
    [
        ("tcp", 20, 25, True),
        ("tcp", 23, 25, False),
        ("tcp", 23, UNKNOWN, False),  # 22 is below, whatever the end is
        ("tcp", UNKNOWN, 21, False),
        ("icmp", UNKNOWN, UNKNOWN, False),
        ("-1", UNKNOWN, UNKNOWN, True),
        ("tcp", 20, UNKNOWN, None),
        ("tcp", UNKNOWN, 443, None),
        (UNKNOWN, 443, 443, None),
        ("tcp", 20, "twenty", None),
        ("tcp", 70000, 70000, None),
    ],
)
def test_one_end_may_be_enough(protocol: str, first: object, last: object, expected: bool | None) -> None:
    asked = (Value(protocol), Value(first), Value(last))
    if expected is None:
        with pytest.raises(Undetermined):
            reaches(22, *asked)
    else:
        assert reaches(22, *asked) is expected


SSH = {"protocol": "tcp", "fromPort": 22, "toPort": 22}
FORMS = {
    "inline": (GROUP, {"ingress": [{**SSH, "cidrBlocks": ["0.0.0.0/0"]}]}),
    "inline of the default group": (DEFAULT_GROUP, {"ingress": [{**SSH, "cidrBlocks": ["0.0.0.0/0"]}]}),
    "inline, IPv6": (GROUP, {"ingress": [{**SSH, "ipv6CidrBlocks": ["::/0"]}]}),
    "rule": (RULE, {**SSH, "type": "ingress", "cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}),
    "ingress rule": (INGRESS_RULE, {"ipProtocol": "tcp", "fromPort": 20, "toPort": 80, "cidrIpv6": "::/0"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_rule_is_read(form: str) -> None:
    [rule] = security_rules(resource(*FORMS[form]), IN)
    assert rule.holds(rule.is_world, lambda: rule.reaches(22))
    assert not rule.holds(rule.is_world, lambda: rule.reaches(5432))
    assert not list(security_rules(resource(*FORMS[form]), OUT))


def test_a_rule_out_is_one_in_no_form() -> None:
    outward = resource(EGRESS_RULE, {"ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"})
    assert not list(security_rules(outward, IN))
    [rule] = security_rules(outward, OUT)
    assert rule.reaches_all()
    assert rule.is_world()


def test_who_else_may_be_named() -> None:
    [inline] = security_rules(resource(GROUP, {"ingress": {**SSH, "securityGroups": ["sg-1"]}}), IN)
    [single] = security_rules(resource(INGRESS_RULE, {"referencedSecurityGroupId": UNKNOWN}), IN)
    [listed] = security_rules(resource(RULE, {**SSH, "type": "ingress", "prefixListIds": ["pl-1"]}), IN)
    assert not inline.is_world()
    assert inline.groups[0].texts() == ["sg-1"]
    assert single.groups[0].present
    assert not single.is_world()
    assert listed.prefix_lists[0].texts() == ["pl-1"]


def test_a_rule_whose_direction_is_unknown_may_be_one() -> None:
    unknown = resource(RULE, {**SSH, "type": UNKNOWN, "cidrBlocks": ["0.0.0.0/0"]})
    [rule] = security_rules(unknown, IN)
    with pytest.raises(Undetermined, match=r"^type is not known"):
        rule.holds(rule.is_world)
    assert not rule.holds(lambda: rule.reaches(443))


def test_an_unknown_in_a_rule_matters_only_where_the_rest_does_not_decide() -> None:
    def rule(**fields: Any) -> Traffic:
        [found] = security_rules(resource(GROUP, {"ingress": [{**SSH, **fields}]}), IN)
        return found

    unknown = rule(cidrBlocks=UNKNOWN)
    assert not unknown.holds(unknown.is_world, lambda: unknown.reaches(443))
    with pytest.raises(Undetermined, match=r"ingress\[0\].cidrBlocks is not known"):
        unknown.holds(unknown.is_world, lambda: unknown.reaches(22))
    private = rule(cidrBlocks=["10.0.0.0/8"], toPort=UNKNOWN)
    assert not private.holds(private.is_world, lambda: private.reaches(23))


def test_the_entries_of_an_acl_are_read_in_both_forms() -> None:
    entry = {"action": "allow", "ruleNo": 100, "protocol": "tcp", "fromPort": 22, "toPort": 22}
    [inline] = acl_entries(resource(ACL, {"ingress": [{**entry, "cidrBlock": "0.0.0.0/0"}]}), IN)
    single = resource(
        ACL_RULE, {"ruleAction": "deny", "ruleNumber": 7, "protocol": "-1", "cidrBlock": "::/0"}
    )
    [alone] = acl_entries(single, IN)
    assert (inline.allows.text(), inline.number.number(default=0)) == ("allow", 100)
    assert (alone.allows.text(), alone.number.number(default=0)) == ("deny", 7)
    assert inline.holds(inline.is_world, lambda: inline.reaches(22))
    assert not list(acl_entries(single, OUT))


def test_an_entry_whose_direction_is_unknown_may_be_one() -> None:
    unknown = resource(ACL_RULE, {"egress": UNKNOWN, "protocol": "-1", "cidrBlock": "0.0.0.0/0"})
    for direction in Direction:
        [entry] = acl_entries(unknown, direction)
        with pytest.raises(Undetermined, match=r"^egress is not known"):
            entry.holds(entry.is_world)
