"""The ways out of a VPC, as the stacks have them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from local.emulator.child import ACCOUNT, Emulated
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import Made, World

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
INTERNET = "aws:ec2/internetGateway:InternetGateway"
EGRESS_ONLY = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
NAT = "aws:ec2/natGateway:NatGateway"
ADDRESS = "aws:ec2/eip:Eip"
ARN = f"arn:aws:ec2:eu-central-1:{ACCOUNT}"
VPC_INPUTS = {"cidrBlock": "10.48.0.0/16"}


@pytest.fixture
def vpc(world: World) -> Made:
    return world.create(VPC, "network", VPC_INPUTS)


@pytest.fixture
def subnet(world: World, vpc: Made) -> Made:
    inputs = {"vpcId": vpc.id, "cidrBlock": "10.48.192.0/22", "availabilityZone": "eu-central-1a"}
    return world.create(SUBNET, "network-public-a", inputs)


def test_an_internet_gateway_is_attached_moved_and_detached(world: World, vpc: Made) -> None:
    inputs = {"vpcId": vpc.id, "tags": {"Name": "roost-prod-internet"}}
    made = world.roundtrip(INTERNET, inputs)
    assert made.outputs["arn"] == f"{ARN}:internet-gateway/{made.id}"
    other = world.create(VPC, "other", VPC_INPUTS)
    wanted = {"vpcId": other.id, "tags": {"Name": "moved"}}
    moved = world.update(made, wanted)
    world.settled(moved, wanted)
    world.client("ec2").detach_internet_gateway(InternetGatewayId=made.id, VpcId=other.id)
    seen = world.refresh(moved)
    assert seen is not None
    assert "vpcId" not in seen.inputs
    world.settled(world.update(seen, wanted), wanted)
    world.gone(moved)


def test_an_egress_only_gateway_belongs_to_one_vpc(world: World, vpc: Made) -> None:
    inputs = {"vpcId": vpc.id, "tags": {"Name": "roost-prod-egress"}}
    made = world.roundtrip(EGRESS_ONLY, inputs)
    assert made.id.startswith("eigw-")
    assert world.diff(made, {**inputs, "vpcId": "vpc-1"}).replaces == {"vpcId"}
    changed = world.update(made, {"vpcId": vpc.id})
    world.settled(changed, {"vpcId": vpc.id})
    world.gone(changed)


def test_an_address_is_named_after_its_number(world: World) -> None:
    inputs = {"domain": "vpc", "tags": {"Name": "roost-prod-nat-a"}}
    made = world.roundtrip(ADDRESS, inputs)
    assert made.id == made.outputs["allocationId"]
    assert made.outputs["arn"] == f"{ARN}:elastic-ip/{made.id}"
    dashes = str(made.outputs["publicIp"]).replace(".", "-")
    assert made.outputs["publicDns"] == f"ec2-{dashes}.eu-central-1.compute.amazonaws.com"
    changed = world.update(made, {**inputs, "tags": {}})
    world.settled(changed, {**inputs, "tags": {}})
    world.gone(changed)


def test_a_nat_gateway_takes_its_address_and_gives_it_back(world: World, subnet: Made) -> None:
    address = world.create(ADDRESS, "nat-a", {"domain": "vpc"})
    inputs = {"subnetId": subnet.id, "allocationId": address.id, "tags": {"Name": "roost-prod-nat-a"}}
    made = world.roundtrip(NAT, inputs)
    assert made.id.startswith("nat-")
    assert made.outputs["publicIp"] == address.outputs["publicIp"]
    assert made.outputs["connectivityType"] == "public"
    assert world.refresh(address) == address, "the gateway changes what the address's resource says"
    changed = world.update(made, {**inputs, "tags": {"Name": "another"}})
    assert changed.outputs["tags"] == {"Name": "another"}
    for name in ("subnetId", "allocationId"):
        assert world.diff(made, {**inputs, name: "other"}).replaces == {name}
    for needed, words in ((address, "address"), (subnet, "subnet")):
        with pytest.raises(ResourceError, match=f"{words} {needed.id} to be free"):
            world.delete(needed, seconds=0.3)
    world.gone(changed)
    world.gone(address)
    world.gone(subnet)


def test_a_nat_gateway_deleted_behind_our_back_is_gone_though_aws_still_shows_it(
    world: World, subnet: Made
) -> None:
    address = world.create(ADDRESS, "nat-b", {"domain": "vpc"})
    made = world.create(NAT, "nat-b", {"subnetId": subnet.id, "allocationId": address.id})
    world.client("ec2").delete_nat_gateway(NatGatewayId=made.id)
    assert world.client("ec2").describe_nat_gateways(NatGatewayIds=[made.id])["NatGateways"]
    assert world.refresh(made) is None


def test_a_private_nat_gateway_is_refused(world: World, subnet: Made) -> None:
    with pytest.raises(ResourceError, match="private"):
        world.create(NAT, "it", {"subnetId": subnet.id, "connectivityType": "private"})


def test_an_internet_gateway_stays_while_its_vpc_has_public_addresses(
    world: World, vpc: Made, subnet: Made
) -> None:
    gateway = world.create(INTERNET, "internet", {"vpcId": vpc.id})
    address = world.create(ADDRESS, "nat-c", {"domain": "vpc"})
    world.create(NAT, "nat-c", {"subnetId": subnet.id, "allocationId": address.id})
    with pytest.raises(ClientError, match="mapped public address"):
        world.client("ec2").detach_internet_gateway(InternetGatewayId=gateway.id, VpcId=vpc.id)


def test_a_network_that_is_taken_down_leaves_nothing_in_the_account(world: World, emulated: Emulated) -> None:
    before = emulated.inventory()
    made: list[Made] = []

    def make(token: str, **inputs: object) -> str:
        made.append(world.create(token, f"it-{len(made)}", inputs))
        return made[-1].id

    vpc = make(VPC, cidrBlock="10.48.0.0/16", assignGeneratedIpv6CidrBlock=True)
    make("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", vpcId=vpc, ingress=[], egress=[])
    place = make(SUBNET, vpcId=vpc, cidrBlock="10.48.0.0/22", availabilityZone="eu-central-1a")
    internet = make(INTERNET, vpcId=vpc)
    out = make(EGRESS_ONLY, vpcId=vpc)
    nat = make(NAT, subnetId=place, allocationId=make(ADDRESS, domain="vpc"))
    table = make("aws:ec2/routeTable:RouteTable", vpcId=vpc)
    route = "aws:ec2/route:Route"
    make(route, routeTableId=table, destinationCidrBlock="0.0.0.0/0", natGatewayId=nat)
    make(route, routeTableId=table, destinationCidrBlock="192.0.2.0/24", gatewayId=internet)
    make(route, routeTableId=table, destinationIpv6CidrBlock="::/0", egressOnlyGatewayId=out)
    make("aws:ec2/routeTableAssociation:RouteTableAssociation", routeTableId=table, subnetId=place)
    make("aws:ec2/networkAcl:NetworkAcl", vpcId=vpc, subnetIds=[place])
    service = "com.amazonaws.eu-central-1"
    endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint"
    make(endpoint, vpcId=vpc, serviceName=f"{service}.s3", routeTableIds=[table])
    group = make("aws:ec2/securityGroup:SecurityGroup", vpcId=vpc)
    interface = {"vpcEndpointType": "Interface", "serviceName": f"{service}.sts"}
    make(endpoint, vpcId=vpc, subnetIds=[place], securityGroupIds=[group], **interface)
    for one in reversed(made):
        world.delete(one, seconds=5)
    assert emulated.inventory() == before
