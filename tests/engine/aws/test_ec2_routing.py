"""Route tables, routes and network ACLs, as the stacks have them."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import Made, World

TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ACL = "aws:ec2/networkAcl:NetworkAcl"


@pytest.fixture
def vpc(world: World) -> Made:
    return world.create("aws:ec2/vpc:Vpc", "network", {"cidrBlock": "10.48.0.0/16"})


@pytest.fixture
def table(world: World, vpc: Made) -> Made:
    return world.create(TABLE, "network-private-a", {"vpcId": vpc.id})


@pytest.fixture
def internet(world: World, vpc: Made) -> Made:
    return world.create("aws:ec2/internetGateway:InternetGateway", "network", {"vpcId": vpc.id})


def subnet(world: World, vpc: Made, number: int) -> Made:
    inputs = {"vpcId": vpc.id, "cidrBlock": f"10.48.{number}.0/24", "availabilityZone": "eu-central-1a"}
    return world.create("aws:ec2/subnet:Subnet", f"network-{number}", inputs)


def nat(world: World, vpc: Made, number: int) -> Made:
    address = world.create("aws:ec2/eip:Eip", f"nat-{number}", {"domain": "vpc"})
    inputs = {"subnetId": subnet(world, vpc, number).id, "allocationId": address.id}
    return world.create("aws:ec2/natGateway:NatGateway", f"nat-{number}", inputs)


def test_a_route_table_does_not_show_the_routes_of_others(world: World, vpc: Made, internet: Made) -> None:
    inputs = {"vpcId": vpc.id, "tags": {"Name": "roost-prod-public"}}
    made = world.roundtrip(TABLE, inputs)
    assert made.outputs["arn"] == f"arn:aws:ec2:eu-central-1:111122223333:route-table/{made.id}"
    world.client("ec2").create_route(
        RouteTableId=made.id, DestinationCidrBlock="0.0.0.0/0", GatewayId=internet.id
    )
    assert world.refresh(made) == made
    assert world.diff(made, {**inputs, "vpcId": "vpc-1"}).replaces == {"vpcId"}
    changed = world.update(made, {"vpcId": vpc.id, "tags": {"Name": "another"}})
    assert changed.outputs["tags"] == {"Name": "another"}
    world.gone(changed)


def test_a_route_table_is_deleted_with_the_associations_left_in_it(
    world: World, vpc: Made, table: Made
) -> None:
    place = subnet(world, vpc, 1)
    world.client("ec2").associate_route_table(RouteTableId=table.id, SubnetId=place.id)
    world.gone(table)


def test_routes_inside_a_route_table_are_refused(world: World, vpc: Made) -> None:
    routes = [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]
    with pytest.raises(ResourceError, match="routes"):
        world.create(TABLE, "it", {"vpcId": vpc.id, "routes": routes})


def test_a_route_is_named_after_its_table_and_destination(world: World, table: Made, internet: Made) -> None:
    inputs = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": internet.id}
    made = world.roundtrip(ROUTE, inputs)
    assert made.id == f"r-{table.id}1080289494", "as pulumi-aws names every default route"
    assert made.outputs["origin"] == "CreateRoute"
    assert made.outputs["state"] == "active"
    world.gone(made)


def test_a_route_changes_its_gateway_in_place(world: World, vpc: Made, table: Made, internet: Made) -> None:
    common = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0"}
    made = world.create(ROUTE, "it", {**common, "natGatewayId": nat(world, vpc, 1).id})
    other = {**common, "natGatewayId": nat(world, vpc, 2).id}
    changed = world.update(made, other)
    world.settled(changed, other)
    public = {**common, "gatewayId": internet.id}
    changed = world.update(changed, public)
    world.settled(changed, public)
    assert "natGatewayId" not in changed.outputs
    for name, value in {"routeTableId": "rtb-1", "destinationCidrBlock": "10.0.0.0/8"}.items():
        assert world.diff(changed, {**public, name: value}).replaces == {name}


def test_an_ipv6_route_leaves_by_either_kind_of_gateway(
    world: World, vpc: Made, table: Made, internet: Made
) -> None:
    out = world.create(
        "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway", "out", {"vpcId": vpc.id}
    )
    common = {"routeTableId": table.id, "destinationIpv6CidrBlock": "::/0"}
    made = world.roundtrip(ROUTE, {**common, "egressOnlyGatewayId": out.id})
    assert made.id == f"r-{table.id}{zlib.crc32(b'::/0')}"
    changed = world.update(made, {**common, "gatewayId": internet.id})
    world.settled(changed, {**common, "gatewayId": internet.id})
    world.gone(changed)


def test_a_route_changed_behind_our_back_shows_and_is_repaired(
    world: World, vpc: Made, table: Made, internet: Made
) -> None:
    inputs = {
        "routeTableId": table.id,
        "destinationCidrBlock": "0.0.0.0/0",
        "natGatewayId": nat(world, vpc, 1).id,
    }
    made = world.create(ROUTE, "it", inputs)
    ec2 = world.client("ec2")
    ec2.replace_route(RouteTableId=table.id, DestinationCidrBlock="0.0.0.0/0", GatewayId=internet.id)
    seen = world.refresh(made)
    assert seen is not None
    assert "natGatewayId" not in seen.inputs
    assert world.diff(seen, inputs).replaces == set()
    world.settled(world.update(seen, inputs), inputs)
    ec2.delete_route(RouteTableId=table.id, DestinationCidrBlock="0.0.0.0/0")
    assert world.refresh(made) is None


def test_a_route_is_imported_by_table_and_destination(world: World, table: Made, internet: Made) -> None:
    inputs = {"routeTableId": table.id, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": internet.id}
    world.create(ROUTE, "it", inputs)
    found = world.import_(ROUTE, f"{table.id}_0.0.0.0/0")
    assert found is not None
    assert found.inputs == inputs
    assert world.import_(ROUTE, f"{table.id}_::/0") is None


def test_a_route_with_two_targets_is_refused(world: World, table: Made) -> None:
    inputs = {"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "natGatewayId": "nat-1"}
    with pytest.raises(ResourceError, match="exactly one of gatewayId, natGatewayId"):
        world.create(ROUTE, "it", {"routeTableId": table.id, **inputs})


def test_a_subnet_gets_another_route_table_in_place(world: World, vpc: Made, table: Made) -> None:
    place = subnet(world, vpc, 1)
    inputs = {"routeTableId": table.id, "subnetId": place.id}
    made = world.roundtrip(ASSOCIATION, inputs)
    assert made.id.startswith("rtbassoc-")
    other = world.create(TABLE, "network-private-b", {"vpcId": vpc.id})
    wanted = {**inputs, "routeTableId": other.id}
    changed = world.update(made, wanted)
    world.settled(changed, wanted)
    assert world.diff(made, {**inputs, "subnetId": "subnet-1"}).replaces == {"subnetId"}
    world.gone(changed)
    world.gone(other)


def test_a_subnet_put_on_another_table_behind_our_back_is_put_back(
    world: World, vpc: Made, table: Made
) -> None:
    inputs = {"routeTableId": table.id, "subnetId": subnet(world, vpc, 1).id}
    made = world.create(ASSOCIATION, "it", inputs)
    other = world.create(TABLE, "other", {"vpcId": vpc.id})
    ec2 = world.client("ec2")
    moved = ec2.replace_route_table_association(AssociationId=made.id, RouteTableId=other.id)
    seen = world.refresh(made)
    assert seen is not None
    assert seen.inputs["routeTableId"] == other.id
    world.settled(world.update(seen, inputs), inputs)
    found = world.import_(ASSOCIATION, moved["NewAssociationId"])
    assert found is None, "the association that moved it away is over"
    for one in ec2.describe_route_tables(RouteTableIds=[table.id])["RouteTables"][0]["Associations"]:
        ec2.disassociate_route_table(AssociationId=one["RouteTableAssociationId"])
    assert world.refresh(made) is None


def acl_inputs(vpc: Made, *subnets: Made) -> dict[str, Any]:
    """The database's, in short."""
    postgres = {"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "action": "allow"}
    answers = {"protocol": "tcp", "fromPort": 1024, "toPort": 65535, "action": "allow"}
    return {
        "vpcId": vpc.id,
        "subnetIds": [one.id for one in subnets],
        "ingress": [
            {**postgres, "ruleNo": 110, "cidrBlock": "10.48.32.0/19"},
            {**postgres, "ruleNo": 100, "cidrBlock": "10.48.0.0/19"},
            {**answers, "ruleNo": 130, "cidrBlock": "10.48.224.0/22"},
        ],
        "egress": [{**answers, "ruleNo": 100, "cidrBlock": "10.48.0.0/19"}],
        "tags": {"Name": "roost-prod-database"},
    }


def rules(world: World, made: Made) -> dict[int, dict[str, Any]]:
    """What AWS admits."""
    found = world.client("ec2").describe_network_acls(NetworkAclIds=[made.id])["NetworkAcls"][0]
    return {one["RuleNumber"]: one for one in found["Entries"] if not one["Egress"]}


def test_a_network_acl_keeps_its_rules_and_its_subnets(world: World, vpc: Made) -> None:
    places = [subnet(world, vpc, number) for number in (224, 228)]
    made = world.roundtrip(ACL, acl_inputs(vpc, *places))
    assert made.outputs["arn"] == f"arn:aws:ec2:eu-central-1:111122223333:network-acl/{made.id}"
    assert rules(world, made)[100]["PortRange"] == {"From": 5432, "To": 5432}
    assert rules(world, made)[100]["Protocol"] == "6"
    world.gone(made)
    here = [{"Name": "association.subnet-id", "Values": [one.id for one in places]}]
    left = world.client("ec2").describe_network_acls(Filters=here)["NetworkAcls"]
    assert [one["IsDefault"] for one in left] == [True], "the subnets are back at the VPC's own ACL"


def test_a_network_acl_changes_in_place(world: World, vpc: Made) -> None:
    first, second, third = (subnet(world, vpc, number) for number in (1, 2, 3))
    inputs = acl_inputs(vpc, first, second)
    made = world.create(ACL, "it", inputs)
    wider = {**inputs["ingress"][1], "cidrBlock": "10.48.0.0/18"}
    wanted = {
        **inputs,
        "ingress": [wider, {**inputs["ingress"][2], "ruleNo": 140}],
        "egress": [{**inputs["egress"][0], "action": "deny"}],
        "subnetIds": [third.id, second.id],
        "tags": {"Name": "another"},
    }
    changed = world.update(made, wanted)
    world.settled(changed, wanted)
    assert sorted(rules(world, changed)) == [100, 140]
    assert rules(world, changed)[100]["CidrBlock"] == "10.48.0.0/18"
    assert world.diff(changed, {**wanted, "vpcId": "vpc-1"}).replaces == {"vpcId"}


def test_a_rule_added_to_a_network_acl_behind_our_back_is_taken_away(world: World, vpc: Made) -> None:
    inputs = acl_inputs(vpc)
    made = world.create(ACL, "it", inputs)
    world.client("ec2").create_network_acl_entry(
        NetworkAclId=made.id,
        Egress=False,
        RuleNumber=50,
        Protocol="-1",
        RuleAction="allow",
        CidrBlock="0.0.0.0/0",
    )
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"ingress"}
    world.settled(world.update(seen, inputs), inputs)
    assert 50 not in rules(world, made)
    world.client("ec2").delete_network_acl(NetworkAclId=made.id)
    assert world.refresh(made) is None
