"""Security groups that say what they are for, let out what they must, and have one owner."""

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put

GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
_OUT: dict[str, Any] = {"protocol": "-1", "fromPort": 0, "toPort": 0}
_HTTPS: dict[str, Any] = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"]}
_SINGLE: dict[str, Any] = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.0.0.0/8"}

EXAMPLES = (
    Example(
        "net-sg-egress-scoped",
        good=(
            R(GROUP, {"id": "sg-1", "egress": [{**_OUT, "cidrBlocks": ["10.0.0.0/8"]}]}, name="group"),
            R(GROUP, {"id": "sg-2", "tags": {"egress-open": "it crawls"}, "egress": [_OUT]}, name="crawler"),
            R(EGRESS, {**_SINGLE, "cidrIpv4": "0.0.0.0/0", "securityGroupId": "sg-1"}, name="out"),
            R(
                RULE,
                {**_OUT, "type": "egress", "securityGroupId": "sg-1", "cidrBlocks": ["10.0.0.0/8"]},
                name="rule",
            ),
        ),
        bad={
            "in the group": put("group", "egress[0].cidrBlocks", ["0.0.0.0/0"]),
            "for IPv6": put("group", "egress[0].ipv6CidrBlocks", ["::/0"]),
            "a rule of its own": put("rule", "cidrBlocks", ["0.0.0.0/0"]),
            "a single rule": put("out", "ipProtocol", "-1"),
            "every port": both(put("out", "fromPort", 0), put("out", "toPort", 65535)),
            "tagged with no": both(
                put("group", "tags", {"egress-open": "false"}),
                put("group", "egress[0].cidrBlocks", ["0.0.0.0/0"]),
            ),
            "of a group elsewhere": both(
                put("out", "ipProtocol", "-1"), put("out", "securityGroupId", "sg-9")
            ),
        },
        fine={
            "a group that is tagged": put("crawler", "egress[0].cidrBlocks", ["0.0.0.0/0"]),
            "a rule of one that is tagged": both(
                put("out", "ipProtocol", "-1"), put("out", "securityGroupId", "sg-2")
            ),
            "one that is tagged, made from it": both(
                both(put("out", "ipProtocol", "-1"), put("out", "securityGroupId", UNKNOWN)),
                options("out", depends={"securityGroupId": ["crawler"]}),
            ),
            "no rules": drop("group", "egress"),
            "what comes in": both(put("rule", "type", "ingress"), put("rule", "cidrBlocks", ["0.0.0.0/0"])),
        },
        open={
            "nobody knows the tag": both(
                put("group", "tags", UNKNOWN), put("group", "egress[0].cidrBlocks", ["0.0.0.0/0"])
            ),
            "nobody knows the rules": put("group", "egress", UNKNOWN),
        },
    ),
    Example(
        "net-sg-described",
        good=(
            R(
                GROUP,
                {
                    "description": "The database",
                    "ingress": [{**_HTTPS, "description": "From the server"}],
                    "egress": [{**_HTTPS, "description": "To the store"}],
                },
                name="group",
            ),
            R(DEFAULT, {"ingress": [{**_HTTPS, "description": "From the server"}]}, name="default"),
            R(RULE, {**_HTTPS, "type": "ingress", "description": "From the server"}, name="rule"),
            R(INGRESS, {**_SINGLE, "description": "From the server"}, name="in"),
            R(EGRESS, {**_SINGLE, "description": "To the store"}, name="out"),
        ),
        bad={
            "the group says nothing": drop("group", "description"),
            "what Pulumi says by itself": put("group", "description", "Managed by Pulumi"),
            "what Terraform says by itself": put("group", "description", "Managed by Terraform"),
            "a blank": put("in", "description", " "),
            "a rule in the group": drop("group", "ingress[0].description"),
            "a rule out of the group": put("group", "egress[0].description", ""),
            "both": Bad(
                both(drop("group", "ingress[0].description"), drop("group", "egress[0].description")), 2
            ),
            "a rule of the default group": drop("default", "ingress[0].description"),
            "a rule of its own": drop("rule", "description"),
            "a single rule": drop("in", "description"),
            "a single rule out": drop("out", "description"),
        },
        fine={
            "one that is not known yet": put("in", "description", UNKNOWN),
            "rules that are not known yet": put("group", "ingress", UNKNOWN),
        },
        vocabulary="ingress egress",
    ),
    Example(
        "net-sg-single-owner",
        good=(
            R(GROUP, {"id": "sg-1", "egress": [_HTTPS]}, name="inside"),
            R(GROUP, {"id": "sg-2", "ingress": [], "egress": []}, name="beside"),
            R(
                INGRESS,
                {**_SINGLE, "securityGroupId": "sg-2"},
                name="in",
                depends={"securityGroupId": ["beside"]},
            ),
            R(RULE, {**_HTTPS, "type": "egress", "securityGroupId": "sg-2"}, name="out"),
            R(GROUP, {"id": "sg-3", "ingress": [_HTTPS]}, name="refreshed"),
            R(INGRESS, {**_SINGLE, "securityGroupId": "sg-3"}, name="seen"),
        ),
        bad={
            "it lists rules, too": put("beside", "ingress", [{**_HTTPS, "cidrBlocks": ["10.1.0.0/16"]}]),
            "it lists more than there is beside it": put(
                "refreshed", "ingress[0].cidrBlocks[1]", "10.1.0.0/16"
            ),
            "it lists other ports": put("refreshed", "ingress[0].toPort", 444),
            "a rule beside what it lists": add(
                R(EGRESS, {**_SINGLE, "cidrIpv4": "10.2.0.0/16", "securityGroupId": "sg-1"}, name="more")
            ),
            "another form beside what it lists": add(
                R(RULE, {**_OUT, "type": "egress", "self": True, "securityGroupId": "sg-1"}, name="more")
            ),
            "made from it": add(
                R(
                    EGRESS,
                    {**_SINGLE, "ipProtocol": "-1"},
                    name="more",
                    depends={"securityGroupId": ["inside"]},
                )
            ),
        },
        fine={
            "rules in the other direction": add(
                R(INGRESS, {**_SINGLE, "securityGroupId": "sg-1"}, name="more")
            ),
            "after a refresh, itself by its id": both(
                put("refreshed", "ingress", [{**_OUT, "self": True}]),
                both(
                    put("seen", "ipProtocol", "-1"),
                    both(drop("seen", "cidrIpv4"), put("seen", "referencedSecurityGroupId", "sg-3")),
                ),
            ),
            "nothing is listed": drop("beside", "ingress"),
        },
        open={
            "nobody knows what it lists": put("inside", "egress", UNKNOWN),
            "nobody knows whose rule it is": add(
                R(EGRESS, {**_SINGLE, "securityGroupId": UNKNOWN}, name="more")
            ),
        },
        companions_hide=True,
        vocabulary="ingress egress",
    ),
)
