"""Databases let in who was put into a group, not who got an address."""

from typing import Any

from tests.policies.examples.case import Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, options, put, without

GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
VPC = "aws:ec2/vpc:Vpc"
ADDED = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
DB = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
_POSTGRES = {"ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432, "securityGroupId": "sg-1"}


def _admit(**peer: Any) -> Change:
    return add(R(INGRESS, {**_POSTGRES, **peer}, name="more"))


EXAMPLES = (
    Example(
        "net-sg-db-peer-is-sg",
        good=(
            R(VPC, {"id": "vpc-1", "cidrBlock": "10.32.0.0/16"}, name="network"),
            R(GROUP, {"id": "sg-1", "vpcId": "vpc-1", "ingress": []}, name="database"),
            R(
                GROUP,
                {"id": "sg-2", "ingress": [{"protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}]},
                name="other",
            ),
            R(
                INGRESS,
                {**_POSTGRES, "referencedSecurityGroupId": "sg-2"},
                name="in",
                depends={"securityGroupId": ["database"]},
            ),
            R(
                DB,
                {"vpcSecurityGroupIds": ["sg-1"]},
                name="db",
                depends={"vpcSecurityGroupIds": ["database"]},
            ),
        ),
        bad={
            "the world": _admit(cidrIpv4="0.0.0.0/0"),
            "wider than the network": _admit(cidrIpv4="10.32.0.0/15"),
            "another private network": _admit(cidrIpv4="10.33.0.0/24"),
            "IPv6": _admit(cidrIpv6="fd00::/56"),
            "in the group": put("database", "ingress", [{"protocol": "-1", "cidrBlocks": ["10.0.0.0/8"]}]),
            "in another form": add(
                R(
                    RULE,
                    {
                        "type": "ingress",
                        "securityGroupId": "sg-1",
                        "cidrBlocks": ["10.32.0.0/24", "1.2.3.4/32"],
                    },
                )
            ),
            "a prefix list": _admit(prefixListId="pl-1"),
            "of a cluster's group": both(
                put("other", "ingress", []),
                add(
                    R(CLUSTER, {"vpcSecurityGroupIds": ["sg-9"]}, name="cluster"),
                    R(
                        INGRESS,
                        {**_POSTGRES, "securityGroupId": "sg-9", "cidrIpv4": "8.8.8.8/32"},
                        name="more",
                    ),
                ),
            ),
            "whatever the network is": both(
                put("network", "cidrBlock", UNKNOWN), _admit(cidrIpv4="10.0.0.0/8")
            ),
        },
        fine={
            "a subnet of its network": _admit(cidrIpv4="10.32.7.0/24"),
            "the whole network": _admit(cidrIpv4="10.32.0.0/16"),
            "a range that was added to the network": both(
                add(R(ADDED, {"vpcId": "vpc-1", "cidrBlock": "100.64.0.0/16"}, name="added")),
                _admit(cidrIpv4="100.64.1.0/24"),
            ),
            "itself": put("database", "ingress", [{"protocol": "-1", "self": True}]),
            "a group that is not known yet": _admit(referencedSecurityGroupId=UNKNOWN),
            "linked by ids alone": both(options("in", depends={}), options("db", depends={})),
            "linked by what they are made from": both(
                both(put("in", "securityGroupId", UNKNOWN), put("db", "vpcSecurityGroupIds", UNKNOWN)),
                put("database", "id", UNKNOWN),
            ),
            "there is no database": both(without("db"), _admit(cidrIpv4="0.0.0.0/0")),
            "a network of another stack": both(without("network"), _admit(cidrIpv4="10.99.0.0/24")),
            "nothing is said": drop("db", "vpcSecurityGroupIds"),
        },
        open={
            "a range that is not known": _admit(cidrIpv4=UNKNOWN),
            "no range": _admit(cidrIpv4="home"),
            "a network that is not known": both(
                put("network", "cidrBlock", UNKNOWN), _admit(cidrIpv4="10.32.7.0/24")
            ),
            "nobody knows whose rule it is": _admit(cidrIpv4="0.0.0.0/0", securityGroupId=UNKNOWN),
            "nobody knows the database's groups": both(
                both(put("db", "vpcSecurityGroupIds", UNKNOWN), options("db", depends={})),
                _admit(cidrIpv4="10.32.0.0/15", securityGroupId="sg-2"),
            ),
        },
        companions_hide=True,
    ),
)
