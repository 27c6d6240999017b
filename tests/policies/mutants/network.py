"""What the pack aws-network-iam notices about networks and the provider."""

import json
from typing import Any

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

PROVIDER = "pulumi:providers:aws::aws"
VPC = "aws:ec2/vpc:Vpc::network"
LOG = "aws:ec2/flowLog:FlowLog::network-flow-logs"
DEFAULT = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup::network-default"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DATABASE, EDGE = f"{GROUP}::database", f"{GROUP}::edge"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
FROM_CLUSTER = f"{INGRESS}::database-from-cluster"
HTTPS, REDIRECT = f"{INGRESS}::edge-https-from-anywhere", f"{INGRESS}::edge-redirect-from-anywhere"
TO_PODS = f"{EGRESS}::server-attachment-out"
BALANCER = "aws:lb/loadBalancer:LoadBalancer::edge"
ACL = "aws:ec2/networkAcl:NetworkAcl::network-database"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
S3 = f"{ENDPOINT}::network-endpoints-s3"
NAT = "aws:ec2/natGateway:NatGateway"

ADMIN, DATA, ALL = "net-sg-no-world-admin", "net-sg-no-world-data", "net-sg-no-world-all"
WEB, PEER, SCOPED = "net-sg-world-web-only", "net-sg-db-peer-is-sg", "net-sg-egress-scoped"
DESCRIBED, OWNER = "net-sg-described", "net-sg-single-owner"


def subnet(name: str) -> str:
    return f"aws:ec2/subnet:Subnet::network-{name}"


def tcp(first: int, last: int, **more: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "fromPort": first, "toPort": last, "description": "For a while", **more}


def single(port: int, group: str = "edge", **more: Any) -> R:
    """A rule of its own about a group of the stack."""
    props = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "description": "For a while", **more}
    return R(INGRESS, props, name="more", depends={"securityGroupId": [group]})


WORLD = {"cidrBlocks": ["0.0.0.0/0"]}
_WIDE = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]})
_DOOR = {
    "serviceName": "com.amazonaws.eu-central-1.kms",
    "vpcEndpointType": "Interface",
    "privateDnsEnabled": True,
    "policy": json.dumps(
        {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "*",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}},
                }
            ]
        }
    ),
}


def door(**more: Any) -> R:
    return R(ENDPOINT, {**_DOOR, **more}, name="kms", depends={"vpcId": ["network"]})


MUTANTS = (
    *each(
        "connections are not recorded",
        [
            ("no flow log", without(LOG)),
            ("only the accepted ones", put(LOG, "trafficType", "ACCEPT")),
            ("they go nowhere", drop(LOG, "logDestination")),
            (
                "the log is of another network",
                both(put(LOG, "vpcId", "vpc-other"), options(LOG, depends={})),
            ),
        ],
        "net-flow-logs",
    ),
    *each(
        "the default group is open",
        [
            ("it is as AWS made it", without(DEFAULT)),
            ("to its members", put(DEFAULT, "ingress", [tcp(0, 65535, self=True)])),
            ("outwards", put(DEFAULT, "egress", [tcp(443, 443, cidrBlocks=["10.0.0.0/8"])])),
            ("by a rule beside it", add(single(443, "network-default", cidrIpv4="10.48.0.0/16"))),
        ],
        "net-default-sg-closed",
    ),
    mutant(
        "the private subnets hand out addresses",
        put(subnet("private-a"), "mapPublicIpOnLaunch", True),
        "net-subnet-no-public-ip",
        "eks-private-nodes",
        "gpu-node-isolated",
    ),
    mutant(
        "the database's subnets hand out addresses",
        put(subnet("database-b"), "mapPublicIpOnLaunch", "true"),
        "net-subnet-no-public-ip",
        "rds-private-subnets",
    ),
    *each(
        "the world may log in",
        [
            ("in the group", put(EDGE, "ingress", [tcp(22, 22, **WORLD)])),
            ("by RDP over IPv6", put(EDGE, "ingress", [tcp(3389, 3389, ipv6CidrBlocks=["::/0"])])),
            ("within a range", put(EDGE, "ingress", [tcp(20, 25, **WORLD)])),
            ("in two halves", put(EDGE, "ingress", [tcp(22, 22, cidrBlocks=["0.0.0.0/1", "128.0.0.0/1"])])),
        ],
        ADMIN,
        WEB,
        OWNER,
    ),
    *each(
        "the world may log in, by a rule of its own",
        [
            ("a single one", add(single(22, cidrIpv4="0.0.0.0/0"))),
            ("for IPv6", add(single(3389, cidrIpv6="::/0"))),
            ("from an eighth of the world", add(single(22, cidrIpv4="32.0.0.0/3"))),
            (
                "the older form",
                add(
                    R(
                        RULE,
                        tcp(22, 22, type="ingress", **WORLD),
                        name="more",
                        depends={"securityGroupId": ["edge"]},
                    )
                ),
            ),
        ],
        ADMIN,
        WEB,
    ),
    *each(
        "the world reaches what is inside",
        [(f"port {port}", add(single(port, cidrIpv4="0.0.0.0/0"))) for port in (8123, 8000, 4317, 10250)],
        DATA,
        WEB,
    ),
    mutant(
        "the world reaches the database", add(single(5432, "database", cidrIpv4="0.0.0.0/0")), DATA, WEB, PEER
    ),
    mutant(
        "the world reaches the database, by the rule that is there",
        put(FROM_CLUSTER, "cidrIpv4", "0.0.0.0/0"),
        DATA,
        WEB,
        PEER,
    ),
    *each(
        "the world reaches every port of the load balancer",
        [
            ("every protocol", put(HTTPS, "ipProtocol", "-1")),
            ("by the numbers", both(put(HTTPS, "fromPort", 0), put(HTTPS, "toPort", 65535))),
        ],
        ADMIN,
        DATA,
        ALL,
        WEB,
    ),
    *each(
        "the world is admitted to more than the web",
        [
            ("another port", both(put(HTTPS, "fromPort", 444), put(HTTPS, "toPort", 444))),
            ("more ports", put(HTTPS, "toPort", 444)),
            ("ICMP", put(HTTPS, "ipProtocol", "icmp")),
        ],
        WEB,
    ),
    mutant("HTTPS of the database's group", add(single(443, "database", cidrIpv6="::/0")), WEB, PEER),
    mutant("the load balancer is an internal one", put(BALANCER, "internal", True), WEB),
    mutant(
        "port 80 serves",
        drop("aws:lb/listener:Listener::edge-redirect", "defaultActions"),
        WEB,
        "alb-https-only",
    ),
    *each(
        "the database admits addresses",
        [
            ("of other networks", put(FROM_CLUSTER, "cidrIpv4", "10.0.0.0/8")),
            ("of one on the internet", put(FROM_CLUSTER, "cidrIpv4", "203.0.113.7/32")),
            ("of a list", put(FROM_CLUSTER, "prefixListId", "pl-1")),
        ],
        PEER,
    ),
    mutant(
        "the database admits addresses, in its group",
        put(DATABASE, "ingress", [tcp(5432, 5432, cidrBlocks=["10.0.0.0/8"])]),
        PEER,
        OWNER,
    ),
    *each(
        "everything is let out",
        [
            ("of the database", put(DATABASE, "egress", [tcp(0, 65535, protocol="-1", **WORLD)])),
            ("over IPv6", put(DATABASE, "egress", [tcp(0, 65535, ipv6CidrBlocks=["::/0"])])),
        ],
        SCOPED,
    ),
    mutant(
        "everything is let out of the load balancer",
        both(put(TO_PODS, "ipProtocol", "-1"), put(TO_PODS, "cidrIpv4", "0.0.0.0/0")),
        SCOPED,
    ),
    *each(
        "nobody knows why",
        [
            ("a rule", drop(HTTPS, "description")),
            ("a rule out", put(TO_PODS, "description", "")),
            ("a group", put(DATABASE, "description", "Managed by Pulumi")),
        ],
        DESCRIBED,
    ),
    mutant(
        "the group lists rules, too", put(EDGE, "ingress", [tcp(443, 443, cidrBlocks=["10.0.0.0/8"])]), OWNER
    ),
    *each(
        "the ACL of the database lets the world in",
        [
            (
                "by SSH",
                put(
                    ACL,
                    "ingress[0]",
                    {**tcp(22, 22), "action": "allow", "ruleNo": 1, "cidrBlock": "0.0.0.0/0"},
                ),
            ),
            ("to high ports", put(ACL, "ingress[6].cidrBlock", "0.0.0.0/0")),
            (
                "by all protocols over IPv6",
                put(
                    ACL,
                    "ingress[0]",
                    {"protocol": "-1", "action": "allow", "ruleNo": 1, "ipv6CidrBlock": "::/0"},
                ),
            ),
        ],
        "net-nacl-no-world-admin",
    ),
    mutant(
        "the private subnets have a route to the internet",
        add(
            R(
                "aws:ec2/route:Route",
                {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": UNKNOWN},
                name="more",
                depends={"routeTableId": ["network-private-a"], "gatewayId": ["network-internet"]},
            ),
        ),
        "net-data-subnets-no-igw",
        "eks-private-nodes",
        "gpu-node-isolated",
    ),
    mutant(
        "the database's subnets use the public table",
        both(
            options(
                "aws:ec2/routeTableAssociation:RouteTableAssociation::network-database-a",
                depends={
                    "subnetId": ["urn:network-database-a"],
                },
            ),
            put(
                "aws:ec2/routeTableAssociation:RouteTableAssociation::network-database-a",
                "routeTableId",
                UNKNOWN,
            ),
        ),
        "net-data-subnets-no-igw",
        "rds-private-subnets",
    ),
    *each(
        "too few zones",
        [
            ("of the private subnets", put(subnet("private-c"), "availabilityZone", "eu-central-1a")),
            ("a NAT gateway fewer", without(f"{NAT}::network-nat-b")),
        ],
        "net-az-spread",
    ),
    *each(
        "the door to S3",
        [
            ("there is none", without(S3)),
            ("anything goes through", put(S3, "policy", _WIDE)),
            ("nothing is said about what goes through", drop(S3, "policy")),
        ],
        "net-endpoints",
    ),
    *each(
        "a door to KMS",
        [
            ("whose name leads elsewhere", add(door(privateDnsEnabled=False))),
            ("anything goes through", add(door(policy=_WIDE))),
        ],
        "net-endpoints",
    ),
    *each(
        "the provider",
        [
            ("another region", put(PROVIDER, "region", "us-east-1")),
            ("any account", drop(PROVIDER, "allowedAccountIds")),
            ("no account", put(PROVIDER, "allowedAccountIds", "[]")),
            ("an emulator", put(PROVIDER, "endpoints", '[{"s3":"http://127.0.0.1:5000"}]')),
            ("credentials are not checked", put(PROVIDER, "skipCredentialsValidation", "true")),
            ("path style", put(PROVIDER, "s3UsePathStyle", "true")),
        ],
        "prov-guard",
    ),
    mutant(
        "dev: one zone",
        put(subnet("private-b"), "availabilityZone", "eu-central-1a"),
        "net-az-spread",
        stack="dev",
    ),
    mutant("dev: connections are not recorded", without(LOG), "net-flow-logs", stack="dev"),
    mutant("dev: the world may log in", add(single(22, cidrIpv4="0.0.0.0/0")), ADMIN, WEB, stack="dev"),
)
