"""The world is let in to the web, and to nothing else."""

from typing import Any

from tests.policies.examples.case import Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, options, put, without

GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
LIST = "aws:ec2/managedPrefixList:ManagedPrefixList"
ENTRY = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"


def _admit(port: int, **more: Any) -> dict[str, Any]:
    return {"ipProtocol": "tcp", "fromPort": port, "toPort": port, **more}


_WORLD: dict[str, Any] = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]}
_BY_LIST = add(
    R(LIST, {"id": "pl-1", "entries": [{"cidr": "10.0.0.0/8"}]}, name="list"),
    R(ENTRY, {"prefixListId": "pl-1", "cidr": "10.1.0.0/16"}, name="entry"),
    R(INGRESS, _admit(443, prefixListId="pl-1", securityGroupId="sg-2"), name="listed"),
)


def _to_app(**rule: Any) -> Change:
    return add(R(INGRESS, {**_admit(443, securityGroupId="sg-2"), **rule}, name="more"))


EXAMPLES = (
    Example(
        "net-sg-world-web-only",
        good=(
            R(GROUP, {"id": "sg-1"}, name="edge"),
            R(GROUP, {"id": "sg-2", "ingress": [{**_WORLD, "cidrBlocks": ["10.0.0.0/8"]}]}, name="app"),
            R(
                INGRESS,
                _admit(443, cidrIpv4="0.0.0.0/0", securityGroupId="sg-1"),
                name="https",
                depends={"securityGroupId": ["edge"]},
            ),
            R(
                RULE,
                {**_WORLD, "type": "ingress", "fromPort": 80, "toPort": 80, "securityGroupId": "sg-1"},
                name="http",
            ),
            R(
                BALANCER,
                {"arn": "arn:lb", "internal": False, "securityGroups": ["sg-1"]},
                name="balancer",
                depends={"securityGroups": ["edge"]},
            ),
            R(
                LISTENER,
                {
                    "loadBalancerArn": "arn:lb",
                    "port": 80,
                    "defaultActions": [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}],
                },
                name="redirect",
                depends={"loadBalancerArn": ["balancer"]},
            ),
        ),
        bad={
            "the application admits it": _to_app(cidrIpv4="0.0.0.0/0"),
            "the application admits it, in the group": put("app", "ingress[0].cidrBlocks", ["0.0.0.0/0"]),
            "the application admits it, in another form": add(
                R(RULE, {**_WORLD, "type": "ingress", "securityGroupId": "sg-2"}, name="more")
            ),
            "in two halves": put("app", "ingress[0].cidrBlocks", ["0.0.0.0/1", "128.0.0.0/1"]),
            "another port of the load balancer": both(
                put("https", "fromPort", 8443), put("https", "toPort", 8443)
            ),
            "more ports of the load balancer": put("https", "toPort", 8443),
            "every protocol": put("https", "ipProtocol", "-1"),
            "port 80 serves": put("redirect", "defaultActions[0].type", "forward"),
            "port 80 redirects to itself": put("redirect", "defaultActions[0].redirect.protocol", "HTTP"),
            "nothing listens on port 80": without("redirect"),
            "a second listener on port 80 serves": add(
                R(
                    LISTENER,
                    {"loadBalancerArn": "arn:lb", "port": 80, "defaultActions": [{"type": "forward"}]},
                    name="serving",
                )
            ),
            "a group outside the stack": _to_app(cidrIpv6="::/0", securityGroupId="sg-9"),
            "a prefix list that holds it": both(_BY_LIST, put("list", "entries[1]", {"cidr": "0.0.0.0/0"})),
            "an entry of a prefix list that is it": both(_BY_LIST, put("entry", "cidr", "::/0")),
            "an unknown list that is made from one": both(
                both(_BY_LIST, put("entry", "cidr", "::/0")),
                both(
                    put("listed", "prefixListId", UNKNOWN),
                    options("listed", depends={"prefixListId": ["list"]}),
                ),
            ),
        },
        fine={
            "linked by ids alone": both(
                options("https", depends={}),
                both(options("balancer", depends={}), options("redirect", depends={})),
            ),
            "linked by what they are made from": both(
                both(put("balancer", "securityGroups", UNKNOWN), put("https", "securityGroupId", UNKNOWN)),
                both(put("edge", "id", UNKNOWN), without("http")),
            ),
            "a narrow prefix list": _BY_LIST,
            "a prefix list of AWS": _to_app(prefixListId="pl-9"),
            "only by HTTPS": both(without("http"), without("redirect")),
            "another group names the edge": _to_app(referencedSecurityGroupId="sg-1"),
        },
        open={
            "nobody knows who uses the group": both(
                put("balancer", "securityGroups", UNKNOWN),
                both(options("balancer", depends={}), both(without("http"), without("redirect"))),
            ),
            "nobody knows whose rule it is": _to_app(cidrIpv4="0.0.0.0/0", securityGroupId=UNKNOWN),
            "nobody knows whether it is internal": both(
                put("balancer", "internal", UNKNOWN), both(without("http"), without("redirect"))
            ),
        },
        companions_hide=True,
        vocabulary="HTTPS ingress",
    ),
    Example(
        "net-sg-world-web-only",
        good=(
            R(GROUP, {"id": "sg-1", "ingress": [{**_WORLD, "cidrBlocks": ["10.0.0.0/8"]}]}, name="group"),
            R(BALANCER, {"internal": True, "securityGroups": ["sg-1"]}, name="balancer"),
        ),
        bad={
            "an internal load balancer": put("group", "ingress[0].cidrBlocks", ["0.0.0.0/0"]),
            "no load balancer": both(
                without("balancer"), put("group", "ingress[0].cidrBlocks", ["0.0.0.0/0"])
            ),
        },
        fine={
            "one that faces the internet, as it does without a word": both(
                drop("balancer", "internal"), put("group", "ingress[0].cidrBlocks", ["0.0.0.0/0"])
            )
        },
        companions_hide=True,
        vocabulary="ingress",
    ),
)
