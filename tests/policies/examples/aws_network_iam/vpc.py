"""Networks that keep records, and default groups that admit nobody."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

VPC = "aws:ec2/vpc:Vpc"
LOG = "aws:ec2/flowLog:FlowLog"
DEFAULT = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"

_LOGGED = (
    R(VPC, {"id": "vpc-1", "cidrBlock": "10.0.0.0/16"}, name="network"),
    R(
        LOG,
        {"vpcId": "vpc-1", "trafficType": "ALL", "logDestination": "arn:aws:logs:eu-central-1:1:log-group:a"},
        name="log",
        depends={"vpcId": ["network"]},
    ),
)
_CLOSED = (
    R(VPC, {"id": "vpc-1", "defaultSecurityGroupId": "sg-0"}, name="network"),
    R(
        DEFAULT,
        {"vpcId": "vpc-1", "id": "sg-0", "ingress": [], "egress": []},
        name="closed",
        depends={"vpcId": ["network"]},
    ),
)
_SELF = {"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}

EXAMPLES = (
    Example(
        "net-flow-logs",
        good=_LOGGED,
        bad={
            "there is no flow log": without("log"),
            "only accepted connections are recorded": put("log", "trafficType", "ACCEPT"),
            "nothing is said about what is recorded": drop("log", "trafficType"),
            "records go nowhere": drop("log", "logDestination"),
            "the log is another network's": both(put("log", "vpcId", "vpc-2"), options("log", depends={})),
            "the log is a subnet's": both(drop("log", "vpcId"), options("log", depends={})),
            "a second network has none": add(R(VPC, {"id": "vpc-2"}, name="second")),
        },
        fine={
            "only rejected ones": put("log", "trafficType", "REJECT"),
            "linked by its id alone": options("log", depends={}),
            "a destination that is not known yet": put("log", "logDestination", UNKNOWN),
            "as older providers say it": both(
                drop("log", "logDestination"), put("log", "logGroupName", "flow-logs")
            ),
            "a second log of accepted ones": add(
                R(LOG, {"vpcId": "vpc-1", "trafficType": "ACCEPT", "logDestination": "arn"}, name="other")
            ),
        },
        open={
            "nobody knows whose log it is": both(put("log", "vpcId", UNKNOWN), options("log", depends={})),
            "nobody knows what is recorded": put("log", "trafficType", UNKNOWN),
        },
        companions_hide=True,
    ),
    Example(
        "net-default-sg-closed",
        good=_CLOSED,
        bad={
            "the default group is left as it is": without("closed"),
            "it admits its members": put("closed", "ingress", [_SELF]),
            "it lets all out": put("closed", "egress", [{**_SELF, "cidrBlocks": ["0.0.0.0/0"]}]),
            "both": Bad(both(put("closed", "ingress", [_SELF]), put("closed", "egress", [_SELF])), 2),
            "a rule of its own adds to it": add(
                R(
                    INGRESS,
                    {"securityGroupId": "sg-0", "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/8"},
                    name="in",
                )
            ),
            "another form adds to it, by the network": add(
                R(RULE, {"type": "ingress"}, name="in", depends={"securityGroupId": ["network"]})
            ),
            "a second network's is left as it is": add(R(VPC, {"id": "vpc-2"}, name="second")),
        },
        fine={
            "nothing is said, which removes all": both(drop("closed", "ingress"), drop("closed", "egress")),
            "rules of another group": add(R(EGRESS, {"securityGroupId": "sg-9"}, name="out")),
        },
        open={
            "its rules are not known": put("closed", "ingress", UNKNOWN),
            "one of its rules is not known": put("closed", "egress", [UNKNOWN]),
            "nobody knows whose rule it is": add(R(INGRESS, {"securityGroupId": UNKNOWN}, name="in")),
        },
        companions_hide=True,
        by_hand=True,
        removed=tuple(
            f"{direction}[0].{key}"
            for direction in ("ingress", "egress")
            for key in (*_SELF, "cidrBlocks[0]")
        ),
    ),
)
