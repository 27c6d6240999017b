"""VPCs and subnets, as the stacks have them."""

from __future__ import annotations

from typing import Any

import pytest

from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from local.plugins.base.values import UNKNOWN
from tests.engine.aws.harness import Made, World

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
INTERNET = "aws:ec2/internetGateway:InternetGateway"

ARN = f"arn:aws:ec2:eu-central-1:{ACCOUNT}"
VPC_INPUTS: dict[str, Any] = {
    "cidrBlock": "10.48.0.0/16",
    "enableDnsSupport": True,
    "enableDnsHostnames": True,
    "tags": {"Name": "roost-prod-vpc"},
}


def subnet_inputs(vpc: Made) -> dict[str, Any]:
    return {
        "vpcId": vpc.id,
        "cidrBlock": "10.48.192.0/22",
        "availabilityZone": "eu-central-1a",
        "mapPublicIpOnLaunch": False,
        "tags": {"tier": "public", "Name": "roost-prod-public-a", "kubernetes.io/role/elb": "1"},
    }


@pytest.fixture
def vpc(world: World) -> Made:
    return world.create(VPC, "network", VPC_INPUTS)


@pytest.fixture
def subnet(world: World, vpc: Made) -> Made:
    return world.create(SUBNET, "network-public-a", subnet_inputs(vpc))


def block_of(made: Made) -> str:
    return str(made.outputs["ipv6CidrBlock"])


def first_64(made: Made, number: int) -> str:
    """A /64 inside the VPC's /56."""
    return block_of(made).replace("00::/56", f"{number:02x}::/64")


def test_a_vpc_comes_with_a_route_table_an_acl_and_a_group(world: World) -> None:
    made = world.roundtrip(VPC, VPC_INPUTS)
    assert made.id.startswith("vpc-")
    assert made.outputs["arn"] == f"{ARN}:vpc/{made.id}"
    assert made.outputs["ownerId"] == ACCOUNT
    assert made.outputs["instanceTenancy"] == "default"
    assert made.outputs["mainRouteTableId"] == made.outputs["defaultRouteTableId"]
    assert str(made.outputs["defaultRouteTableId"]).startswith("rtb-")
    assert str(made.outputs["defaultNetworkAclId"]).startswith("acl-")
    assert str(made.outputs["defaultSecurityGroupId"]).startswith("sg-")
    world.gone(made)


def test_a_vpc_changes_dns_ipv6_and_tags_in_place(world: World, vpc: Made) -> None:
    wanted = {
        **VPC_INPUTS,
        "enableDnsSupport": False,
        "enableDnsHostnames": False,
        "enableNetworkAddressUsageMetrics": True,
        "assignGeneratedIpv6CidrBlock": True,
        "tags": {"Name": "another", "stage": "prod"},
    }
    changed = world.update(vpc, wanted)
    world.settled(changed, wanted)
    assert changed.id == vpc.id
    assert changed.outputs["enableDnsSupport"] is False
    assert block_of(changed).endswith("00::/56")
    back = world.update(changed, VPC_INPUTS)
    world.settled(back, VPC_INPUTS)
    assert "ipv6CidrBlock" not in back.outputs
    assert back.outputs["tags"] == {"Name": "roost-prod-vpc"}


def test_a_vpc_with_ipv6_has_a_block_from_amazon_from_the_start(world: World) -> None:
    made = world.roundtrip(VPC, {**VPC_INPUTS, "assignGeneratedIpv6CidrBlock": True})
    assert block_of(made).endswith("::/56")
    assert str(made.outputs["ipv6AssociationId"]).startswith("vpc-cidr-assoc-")


def test_only_switching_ipv6_makes_a_vpcs_ipv6_block_unknown_in_a_preview(world: World, vpc: Made) -> None:
    def shown(inputs: dict[str, Any]) -> Any:
        checked = world.check(VPC, vpc.name, inputs, vpc.inputs)
        return world.lifecycle.preview_update(VPC, vpc.stored, checked).get("ipv6CidrBlock")

    assert shown({**VPC_INPUTS, "assignGeneratedIpv6CidrBlock": True}) is UNKNOWN
    assert shown({**VPC_INPUTS, "tags": {"Name": "another"}}) is None


def test_another_range_is_another_vpc(world: World, vpc: Made) -> None:
    assert world.diff(vpc, {**VPC_INPUTS, "cidrBlock": "10.49.0.0/16"}).replaces == {"cidrBlock"}
    assert world.diff(vpc, {**VPC_INPUTS, "instanceTenancy": "dedicated"}).replaces == {"instanceTenancy"}


def test_a_vpc_deleted_behind_our_back_is_gone(world: World, vpc: Made) -> None:
    world.client("ec2").delete_vpc(VpcId=vpc.id)
    assert world.refresh(vpc) is None


def test_a_vpc_is_imported_with_what_was_set(world: World, vpc: Made) -> None:
    found = world.import_(VPC, vpc.id)
    assert found is not None
    assert found.inputs["cidrBlock"] == "10.48.0.0/16"
    assert found.inputs["enableDnsHostnames"] is True


def test_a_vpc_with_an_address_pool_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="ipv4IpamPoolId"):
        world.create(VPC, "it", {"ipv4IpamPoolId": "ipam-pool-1", "ipv4NetmaskLength": 16})


@pytest.mark.parametrize("inside", ["subnet", "internet gateway", "security group", "network ACL"])
def test_a_vpc_is_not_deleted_while_something_is_in_it(world: World, vpc: Made, inside: str) -> None:
    ec2 = world.client("ec2")
    match inside:
        case "subnet":
            world.create(SUBNET, "inside", subnet_inputs(vpc))
        case "internet gateway":
            world.create(INTERNET, "inside", {"vpcId": vpc.id})
        case "security group":
            ec2.create_security_group(GroupName="inside", Description="it", VpcId=vpc.id)
        case _:
            ec2.create_network_acl(VpcId=vpc.id)
    with pytest.raises(ResourceError, match=f"VPC {vpc.id} to be free"):
        world.delete(vpc, seconds=0.3)


def test_a_subnet_lives_in_its_zone(world: World, vpc: Made) -> None:
    made = world.roundtrip(SUBNET, subnet_inputs(vpc))
    assert made.outputs["arn"] == f"{ARN}:subnet/{made.id}"
    assert str(made.outputs["availabilityZoneId"]).startswith("euc1-az")
    assert made.outputs["ownerId"] == ACCOUNT
    world.gone(made)


def test_a_subnet_changes_its_ipv6_block_and_its_addresses_in_place(world: World) -> None:
    vpc = world.create(VPC, "network", {**VPC_INPUTS, "assignGeneratedIpv6CidrBlock": True})
    inputs = subnet_inputs(vpc)
    made = world.create(SUBNET, "private-a", inputs)
    wanted = {
        **inputs,
        "ipv6CidrBlock": first_64(vpc, 1),
        "assignIpv6AddressOnCreation": True,
        "mapPublicIpOnLaunch": True,
        "tags": {"tier": "public"},
    }
    changed = world.update(made, wanted)
    world.settled(changed, wanted)
    assert changed.outputs["assignIpv6AddressOnCreation"] is True
    moved = world.update(changed, {**wanted, "ipv6CidrBlock": first_64(vpc, 2)})
    world.settled(moved, {**wanted, "ipv6CidrBlock": first_64(vpc, 2)})
    assert moved.outputs["ipv6CidrBlockAssociationId"] != changed.outputs["ipv6CidrBlockAssociationId"]
    back = world.update(moved, inputs)
    world.settled(back, inputs)
    assert back.outputs["assignIpv6AddressOnCreation"] is False
    assert back.outputs["ipv6CidrBlock"] == first_64(vpc, 2), (
        "the provider leaves a block that it is not told of"
    )


def test_a_subnet_with_ipv6_from_the_start_hands_out_its_addresses(world: World) -> None:
    vpc = world.create(VPC, "network", {**VPC_INPUTS, "assignGeneratedIpv6CidrBlock": True})
    inputs = {**subnet_inputs(vpc), "ipv6CidrBlock": first_64(vpc, 0), "assignIpv6AddressOnCreation": True}
    world.gone(world.roundtrip(SUBNET, inputs))


def test_another_place_is_another_subnet(world: World, vpc: Made, subnet: Made) -> None:
    inputs = subnet_inputs(vpc)
    for name, value in {"cidrBlock": "10.48.0.0/22", "availabilityZone": "eu-central-1b"}.items():
        assert world.diff(subnet, {**inputs, name: value}).replaces == {name}


def test_what_was_changed_on_a_subnet_behind_our_back_shows(world: World, subnet: Made) -> None:
    world.client("ec2").modify_subnet_attribute(SubnetId=subnet.id, MapPublicIpOnLaunch={"Value": True})
    seen = world.refresh(subnet)
    assert seen is not None
    assert seen.inputs["mapPublicIpOnLaunch"] is True
    world.client("ec2").delete_subnet(SubnetId=subnet.id)
    assert world.refresh(subnet) is None
