"""What the world must not reach."""

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, both, drop, put

GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def _tcp(port: int, **more: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "fromPort": port, "toPort": port, **more}


def _compliant(port: int) -> tuple[R, ...]:
    """Every form, with `port` open to the own network and HTTPS to the world."""
    inside, outside = {"cidrBlocks": ["10.0.0.0/8"]}, {"cidrBlocks": ["0.0.0.0/0"]}
    single = {"ipProtocol": "tcp", "securityGroupId": "sg-1"}
    return (
        R(GROUP, {"ingress": [_tcp(port, **inside), _tcp(443, **outside)]}, name="group"),
        R(DEFAULT, {"vpcId": "vpc-1", "ingress": [_tcp(port, self=True)]}, name="default"),
        R(RULE, {**_tcp(port, **inside), "type": "ingress"}, name="rule"),
        R(INGRESS, {**single, "fromPort": port, "toPort": port, "cidrIpv4": "10.0.0.0/8"}, name="in"),
        R(EGRESS, {"ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0", "securityGroupId": "sg-1"}, name="out"),
    )


def _to_the_world(port: int) -> Change:
    return put("group", "ingress[0]", _tcp(port, cidrBlocks=["0.0.0.0/0"]))


_DATA_PORTS = (6432, 8123, 9000, 9440, 8000, 4317, 4318, 2379, 10250)
_BAD: dict[str, Change | Bad] = {
    "the world, in a group": put("group", "ingress[0].cidrBlocks", ["0.0.0.0/0"]),
    "the world beside others": put("group", "ingress[0].cidrBlocks[1]", "0.0.0.0/0"),
    "IPv6's world": put("group", "ingress[0].ipv6CidrBlocks", ["::/0"]),
    "two halves of the world": put("group", "ingress[0].cidrBlocks", ["0.0.0.0/1", "128.0.0.0/1"]),
    "a part that is too wide": put("group", "ingress[0].cidrBlocks", ["64.0.0.0/7"]),
    "many parts that are the world": put(
        "group", "ingress[0].cidrBlocks", [f"{first}.0.0.0/8" for first in range(256)]
    ),
    "in the second rule": put("group", "ingress[1]", {"protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}),
    "in two rules": Bad(
        both(
            put("group", "ingress[0].cidrBlocks", ["0.0.0.0/0"]),
            put("group", "ingress[1]", {"protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}),
        ),
        2,
    ),
    "in the default group": put("default", "ingress[0].cidrBlocks", ["0.0.0.0/0"]),
    "a rule of its own": put("rule", "cidrBlocks", ["0.0.0.0/0"]),
    "one of its own for IPv6": both(drop("rule", "cidrBlocks"), put("rule", "ipv6CidrBlocks", ["::/0"])),
    "a single rule": put("in", "cidrIpv4", "0.0.0.0/0"),
    "a single rule for IPv6": put("in", "cidrIpv6", "::/0"),
    "beside one that is not known": put("group", "ingress[0].cidrBlocks", [UNKNOWN, "0.0.0.0/0"]),
    "every protocol, whatever the ports": both(
        put("in", "cidrIpv4", "0.0.0.0/0"),
        both(put("in", "ipProtocol", "-1"), both(put("in", "fromPort", 443), put("in", "toPort", 443))),
    ),
}
_OF_A_PORT: dict[str, Change | Bad] = {
    **_BAD,
    "within a range": both(
        put("rule", "cidrBlocks", ["0.0.0.0/0"]),
        both(put("rule", "fromPort", 0), put("rule", "toPort", 65535)),
    ),
    "without any ports": both(
        put("in", "cidrIpv4", "0.0.0.0/0"), both(drop("in", "fromPort"), drop("in", "toPort"))
    ),
    "by UDP": both(put("rule", "cidrBlocks", ["0.0.0.0/0"]), put("rule", "protocol", "17")),
}
_WORDS = "ingress"
"""The name of a list in a group is also what a rule of its own says of itself."""
_EVERY_PORT = both(put("group", "ingress[0].fromPort", 0), put("group", "ingress[0].toPort", 65535))
_FINE: dict[str, Change] = {
    "it opens other ports": put("group", "ingress[0]", _tcp(443, cidrBlocks=["0.0.0.0/0"])),
    "the world may be told of a lost packet": put(
        "group",
        "ingress[0]",
        {"protocol": "icmp", "fromPort": 3, "toPort": 4, "cidrBlocks": ["0.0.0.0/0"]},
    ),
    "the way out is another rule's business": both(
        put("rule", "type", "egress"), put("rule", "cidrBlocks", ["0.0.0.0/0"])
    ),
    "a unique local range": put("in", "cidrIpv6", "fc00::/7"),
    "the ports are not known, the range is private": put("in", "toPort", UNKNOWN),
    "there are no rules": drop("group", "ingress"),
}
_OPEN: dict[str, Change] = {
    "its rules are not known": put("group", "ingress", UNKNOWN),
    "not a range": put("in", "cidrIpv4", "anywhere"),
    "no number": both(put("in", "cidrIpv4", "0.0.0.0/0"), put("in", "fromPort", "ssh")),
    "the direction is not known": both(
        put("rule", "type", UNKNOWN), put("rule", "cidrBlocks", ["0.0.0.0/0"])
    ),
}

EXAMPLES = (
    Example(
        "net-sg-no-world-admin",
        good=_compliant(22),
        bad=_OF_A_PORT,
        fine=_FINE,
        open=_OPEN,
        vocabulary=_WORDS,
    ),
    Example("net-sg-no-world-admin", good=_compliant(3389), bad={"the world": _BAD["a single rule"]}),
    Example(
        "net-sg-no-world-admin",
        good=_compliant(5986),
        bad={"a port of one's own": put("in", "cidrIpv4", "0.0.0.0/0")},
        config={"ports": [5986]},
    ),
    Example(
        "net-sg-no-world-data",
        good=_compliant(5432),
        bad={**_OF_A_PORT, **{f"port {port}": _to_the_world(port) for port in _DATA_PORTS}},
        fine=_FINE,
        open=_OPEN,
        vocabulary=_WORDS,
    ),
    Example(
        "net-sg-no-world-all",
        good=(
            *_compliant(22),
            R(GROUP, {"ingress": [{"protocol": "-1", "self": True}]}, name="own"),
            R(RULE, {"type": "ingress", "protocol": "all", "cidrBlocks": ["10.0.0.0/8"]}, name="inside"),
            R(INGRESS, {"ipProtocol": "-1", "referencedSecurityGroupId": "sg-2"}, name="peer"),
        ),
        bad={
            "every protocol, in a group": put("own", "ingress[0].cidrBlocks", ["0.0.0.0/0"]),
            "every port of one protocol": both(
                _EVERY_PORT, put("group", "ingress[0].cidrBlocks", ["0.0.0.0/0"])
            ),
            "every port but 0": both(
                both(_EVERY_PORT, put("group", "ingress[0].fromPort", 1)),
                put("group", "ingress[0].ipv6CidrBlocks", ["::/0"]),
            ),
            "by its number": put("inside", "cidrBlocks[0]", "0.0.0.0/0"),
            "ports that say nothing": both(
                put("inside", "cidrBlocks[0]", "0.0.0.0/0"),
                both(put("inside", "fromPort", 443), put("inside", "toPort", 443)),
            ),
            "a single rule": put("peer", "cidrIpv6", "::/0"),
        },
        fine={
            **_FINE,
            "most ports, which other rules name": put(
                "group",
                "ingress[0]",
                {"protocol": "tcp", "fromPort": 1024, "toPort": 65535, "cidrBlocks": ["0.0.0.0/0"]},
            ),
        },
        open={
            "its rules are not known": put("group", "ingress", UNKNOWN),
            "the protocol is not known": both(
                put("peer", "ipProtocol", UNKNOWN), put("peer", "cidrIpv4", "0.0.0.0/0")
            ),
        },
        vocabulary=_WORDS,
    ),
)
