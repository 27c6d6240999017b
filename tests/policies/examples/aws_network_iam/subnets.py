"""Subnets of a tier: in enough zones, and closed to the internet unless they are the public ones."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, put, without

SUBNET = "aws:ec2/subnet:Subnet"
VPC = "aws:ec2/vpc:Vpc"
TABLE = "aws:ec2/routeTable:RouteTable"
DEFAULT_TABLE = "aws:ec2/defaultRouteTable:DefaultRouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ROUTE = "aws:ec2/route:Route"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT = "aws:ec2/natGateway:NatGateway"


def _subnet(tier: str, zone: str) -> R:
    return R(
        SUBNET,
        {"vpcId": "vpc-1", "id": f"subnet-{tier}-{zone}", "tags": {"tier": tier}, "availabilityZone": zone},
        name=f"{tier}-{zone}",
    )


def _nat(zone: str) -> R:
    return R(NAT, {"subnetId": f"subnet-public-{zone}", "connectivityType": "public"}, name=f"nat-{zone}")


_ROUTE = {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"}


def _leads(**route: str) -> Change:
    return add(R(ROUTE, {**_ROUTE, **route}, name="route"))


EXAMPLES = (
    Example(
        "net-subnet-no-public-ip",
        good=(
            R(SUBNET, {"mapPublicIpOnLaunch": False, "tags": {"tier": "private"}}, name="private"),
            R(SUBNET, {"mapPublicIpOnLaunch": True, "tags": {"tier": "public"}}, name="public"),
        ),
        bad={
            "a private one does": put("private", "mapPublicIpOnLaunch", True),
            "one without a tier does": drop("public", "tags"),
            "one of another tier does": put("public", "tags.tier", "database"),
        },
        fine={
            "nothing is said": drop("private", "mapPublicIpOnLaunch"),
            "in capitals": put("public", "tags.tier", "Public"),
        },
        open={"nobody knows its tier": put("public", "tags", UNKNOWN)},
    ),
    Example(
        "net-data-subnets-no-igw",
        good=(
            R(VPC, {"id": "vpc-1"}, name="network"),
            R(GATEWAY, {"id": "igw-1", "vpcId": "vpc-1"}, name="internet"),
            R(SUBNET, {"id": "subnet-1", "vpcId": "vpc-1", "tags": {"tier": "private"}}, name="private"),
            R(TABLE, {"id": "rtb-1", "vpcId": "vpc-1", "routes": []}, name="table"),
            R(ASSOCIATION, {"subnetId": "subnet-1", "routeTableId": "rtb-1"}, name="link"),
        ),
        bad={
            "a default route": _leads(gatewayId="igw-1"),
            "a default route of IPv6": _leads(gatewayId="igw-1", destinationIpv6CidrBlock="::/0"),
            "a route of the world's half": _leads(gatewayId="igw-1", destinationCidrBlock="0.0.0.0/1"),
            "a route in the table": put(
                "table", "routes", [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]
            ),
            "a route made from the gateway": add(
                R(
                    ROUTE,
                    {**_ROUTE, "gatewayId": UNKNOWN},
                    name="route",
                    depends={"gatewayId": ["internet"], "routeTableId": ["table"]},
                )
            ),
            "the database's": both(put("private", "tags.tier", "database"), _leads(gatewayId="igw-1")),
            "in capitals": both(put("private", "tags.tier", "Private"), _leads(gatewayId="igw-1")),
        },
        fine={
            "a public one": both(put("private", "tags.tier", "public"), _leads(gatewayId="igw-1")),
            "one of no tier": both(drop("private", "tags"), _leads(gatewayId="igw-1")),
            "a NAT gateway": _leads(natGatewayId="nat-1"),
            "a virtual private gateway": _leads(gatewayId="vgw-1"),
            "another table's": both(_leads(gatewayId="igw-1"), put("route", "routeTableId", "rtb-2")),
        },
        open={
            "a gateway that is not known": _leads(gatewayId=UNKNOWN),
            "a tier that is not known": both(put("private", "tags", UNKNOWN), _leads(gatewayId="igw-1")),
        },
        companions_hide=True,
        vocabulary="Private",
    ),
    Example(
        "net-data-subnets-no-igw",
        good=(
            R(SUBNET, {"id": "subnet-1", "tags": {"tier": "inner"}}, name="inner"),
            R(ASSOCIATION, {"subnetId": "subnet-1", "routeTableId": "rtb-1"}, name="link"),
            R(TABLE, {"id": "rtb-1"}, name="table"),
            R(ROUTE, {**_ROUTE, "natGatewayId": "nat-1"}, name="route"),
        ),
        bad={"a tier of one's own": put("route", "gatewayId", "igw-1")},
        config={"tiers": ["inner"]},
        companions_hide=True,
    ),
    Example(
        "net-az-spread",
        good=(
            *(_subnet(tier, zone) for tier in ("public", "private", "database") for zone in "abc"),
            *(_nat(zone) for zone in "abc"),
        ),
        bad={
            "a tier has two": without("database-c"),
            "two subnets are in one zone": put("database-c", "availabilityZone", "a"),
            "a subnet is another network's": Bad(put("database-c", "vpcId", "vpc-2"), 2),
            "a zone has no gateway": without("nat-b"),
            "two gateways are in one zone": put("nat-b", "subnetId", "subnet-public-a"),
            "a gateway is a private one": put("nat-b", "connectivityType", "private"),
            "only one gateway": both(without("nat-b"), without("nat-c")),
            "two tiers have two": Bad(both(without("database-c"), without("private-c")), 2),
        },
        fine={
            "no gateway at all": both(without("nat-a"), both(without("nat-b"), without("nat-c"))),
            "one that is in all zones": both(
                put("nat-a", "availabilityMode", "regional"), both(without("nat-b"), without("nat-c"))
            ),
            "more than enough": add(_subnet("database", "d")),
            "a subnet of no tier": both(drop("database-c", "tags"), add(_subnet("database", "d"))),
            "zones by their ids": both(
                put("database-c", "availabilityZone", ""), put("database-c", "availabilityZoneId", "euc1-az3")
            ),
        },
        open={
            "a zone that is not known": put("database-c", "availabilityZone", UNKNOWN),
            "a network that is not known": put("database-c", "vpcId", UNKNOWN),
        },
        companions_hide=True,
    ),
    Example(
        "net-az-spread",
        good=(
            *(_subnet(tier, zone) for tier in ("public", "private") for zone in "ab"),
            _nat("a"),
        ),
        bad={
            "a tier has one": without("private-b"),
            "linked to another network": Bad(put("private-b", "vpcId", "vpc-2"), 2),
        },
        config={"zones": 2, "natPerZone": False},
        companions_hide=True,
    ),
)
