"""From where a database can be reached."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.databases import CLUSTER, DB, MEMBER, replica, restored
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

GROUP = "aws:rds/subnetGroup:SubnetGroup"
SUBNET = "aws:ec2/subnet:Subnet"
TABLE = "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ROUTE = "aws:ec2/route:Route"


def subnet(letter: str) -> R:
    props = {
        "id": f"subnet-{letter}",
        "availabilityZone": f"eu-central-1{letter}",
        "mapPublicIpOnLaunch": False,
        "tags": {"tier": "isolated"},
    }
    return R(SUBNET, props, name=f"subnet-{letter}")


def database(type_: str, name: str) -> R:
    props = {"dbSubnetGroupName": "data-1", "vpcSecurityGroupIds": ["sg-1"]}
    return R(type_, props, name=name, depends={"dbSubnetGroupName": ["group"]})


def routed(gateway: str) -> tuple[R, ...]:
    """A route table of the first subnet, with a way to the world."""
    return (
        R(TABLE, {"id": "rtb-1", "vpcId": "vpc-1"}, name="table"),
        R(ASSOCIATION, {"subnetId": "subnet-a", "routeTableId": "rtb-1"}, name="association"),
        R(
            ROUTE,
            {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": gateway},
            name="route",
        ),
    )


EXAMPLES = (
    Example(
        "rds-private",
        good=(
            R(DB, {"publiclyAccessible": False}),
            R(CLUSTER, {"publiclyAccessible": False}, name="cluster"),
            R(MEMBER, {"publiclyAccessible": False}, name="member"),
        ),
        bad={
            "it is public": put("it", "publiclyAccessible", True),
            "it is public as a number": put("it", "publiclyAccessible", 1),
            "a Multi-AZ cluster is public": put("cluster", "publiclyAccessible", True),
            "a member of a cluster is public": put("member", "publiclyAccessible", True),
            "a replica is public": replica(publiclyAccessible=True),
        },
        fine={
            "nothing is said": drop("it", "publiclyAccessible"),
            "a replica is not": replica(),
        },
    ),
    Example(
        "rds-private-subnets",
        good=(
            database(DB, "it"),
            database(CLUSTER, "cluster"),
            R(
                GROUP,
                {"name": "data-1", "subnetIds": ["subnet-a", "subnet-b"]},
                name="group",
                depends={"subnetIds": ["subnet-a", "subnet-b"]},
            ),
            subnet("a"),
            subnet("b"),
        ),
        bad={
            "it names no subnet group": both(drop("it", "dbSubnetGroupName"), options("it", depends={})),
            "a cluster names none": both(
                drop("cluster", "dbSubnetGroupName"), options("cluster", depends={})
            ),
            "what is restored names none": restored(vpcSecurityGroupIds=["sg-1"]),
            "it names no security group": drop("it", "vpcSecurityGroupIds"),
            "its list of security groups is empty": put("it", "vpcSecurityGroupIds", []),
            "a replica names no security group": replica(),
            "one subnet is of the public tier": Bad(put("subnet-b", "tags.tier", "public"), 2),
            "one subnet gives public addresses": Bad(put("subnet-a", "mapPublicIpOnLaunch", True), 2),
            "one subnet has a way in from the internet": Bad(add(*routed("igw-1")), 2),
            "all subnets lie in one zone": Bad(put("subnet-b", "availabilityZone", "eu-central-1a"), 2),
            "there is only one subnet": Bad(
                both(put("group", "subnetIds", ["subnet-a"]), options("group", depends={})), 2
            ),
        },
        fine={
            "all is linked by ids and names": both(
                options("it", depends={}), options("cluster", depends={}), options("group", depends={})
            ),
            "the way out is a NAT gateway": add(*routed("nat-1")),
            "a replica lies where the other one does": replica(vpcSecurityGroupIds=["sg-1"]),
            "security groups are not known yet": put("it", "vpcSecurityGroupIds", [UNKNOWN]),
            "zones are named by their ids": both(
                drop("subnet-a", "availabilityZone"), put("subnet-a", "availabilityZoneId", "euc1-az2")
            ),
        },
        open={
            "the subnet group is somebody else's": add(
                R(DB, {"dbSubnetGroupName": "theirs", "vpcSecurityGroupIds": ["sg-1"]}, name="another")
            ),
            "the subnets are somebody else's": both(
                put("group", "subnetIds", ["subnet-x", "subnet-y"]), options("group", depends={})
            ),
            "one subnet is somebody else's": both(
                put("group", "subnetIds", ["subnet-a", "subnet-y"]), options("group", depends={})
            ),
            "a zone is left to AWS": drop("subnet-b", "availabilityZone"),
            "one subnet is gone from the stack": without("subnet-b"),
        },
        vocabulary="public",
    ),
)
