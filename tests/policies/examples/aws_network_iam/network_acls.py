"""Network ACLs, whose entries are read in order."""

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

ACL = "aws:ec2/networkAcl:NetworkAcl"
DEFAULT = "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"
RULE = "aws:ec2/networkAclRule:NetworkAclRule"


def _entry(number: int, action: str, first: int, last: int, **more: Any) -> dict[str, Any]:
    return {
        "ruleNo": number,
        "action": action,
        "protocol": "tcp",
        "fromPort": first,
        "toPort": last,
        "cidrBlock": "0.0.0.0/0",
        **more,
    }


_SSH = {"ruleNumber": 100, "ruleAction": "allow", "protocol": "tcp", "fromPort": 22, "toPort": 22}
_SHADOWED = [
    _entry(90, "deny", 22, 22),
    _entry(91, "deny", 3000, 4000),
    _entry(100, "allow", 0, 65535),
]

EXAMPLES = (
    Example(
        "net-nacl-no-world-admin",
        good=(
            R(
                ACL,
                {
                    "ingress": [
                        _entry(100, "allow", 443, 443),
                        _entry(110, "allow", 22, 22, cidrBlock="10.0.0.0/8"),
                    ]
                },
                name="acl",
            ),
            R(DEFAULT, {"ingress": [], "egress": []}, name="default"),
            R(RULE, {**_SSH, "cidrBlock": "10.0.0.0/8", "egress": False}, name="rule"),
            R(ACL, {"ingress": _SHADOWED}, name="shadowed"),
        ),
        bad={
            "SSH": put("acl", "ingress[1].cidrBlock", "0.0.0.0/0"),
            "RDP": put("acl", "ingress[0]", _entry(100, "allow", 3389, 3389)),
            "within a range": put("acl", "ingress[0].fromPort", 0),
            "every protocol": put("acl", "ingress[0].protocol", "-1"),
            "every protocol by its name": put("acl", "ingress[0].protocol", "all"),
            "IPv6": put("acl", "ingress[1].ipv6CidrBlock", "::/0"),
            "half of the world": put("acl", "ingress[1].cidrBlock", "128.0.0.0/1"),
            "the default one, as AWS makes it": put(
                "default", "ingress", [_entry(100, "allow", 0, 0, protocol="-1")]
            ),
            "an entry of its own": put("rule", "cidrBlock", "0.0.0.0/0"),
            "one that does not say which way": both(
                put("rule", "cidrBlock", "0.0.0.0/0"), drop("rule", "egress")
            ),
            "the denial comes later": put("shadowed", "ingress[0].ruleNo", 200),
            "the denial is of another port": put("shadowed", "ingress[0]", _entry(90, "deny", 23, 23)),
            "the denial is of another protocol": put("shadowed", "ingress[0].protocol", "udp"),
            "the denial is of a part": put("shadowed", "ingress[0].cidrBlock", "0.0.0.0/1"),
            "in two entries": Bad(
                both(
                    put("acl", "ingress[0].protocol", "-1"), put("acl", "ingress[1].cidrBlock", "0.0.0.0/0")
                ),
                2,
            ),
        },
        fine={
            "what goes out": both(put("rule", "cidrBlock", "0.0.0.0/0"), put("rule", "egress", True)),
            "a denial": both(put("rule", "cidrBlock", "0.0.0.0/0"), put("rule", "ruleAction", "deny")),
            "answers come back to high ports": put("acl", "ingress[0]", _entry(100, "allow", 4000, 65535)),
            "nothing is said": drop("default", "ingress"),
        },
        open={
            "its entries are not known": put("acl", "ingress", UNKNOWN),
            "the order is not known": put("shadowed", "ingress[0].ruleNo", UNKNOWN),
            "which way is not known": both(
                put("rule", "cidrBlock", "0.0.0.0/0"), put("rule", "egress", UNKNOWN)
            ),
            "no range": put("acl", "ingress[1].cidrBlock", "everywhere"),
        },
        vocabulary="ingress",
    ),
)
