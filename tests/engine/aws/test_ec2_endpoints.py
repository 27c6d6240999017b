"""VPC endpoints and flow logs, as the stacks have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import Made, World

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
ARN = "arn:aws:ec2:eu-central-1:111122223333"
S3 = "com.amazonaws.eu-central-1.s3"


@pytest.fixture
def vpc(world: World) -> Made:
    return world.create("aws:ec2/vpc:Vpc", "network", {"cidrBlock": "10.48.0.0/16"})


def table(world: World, vpc: Made, zone: str) -> Made:
    return world.create("aws:ec2/routeTable:RouteTable", f"private-{zone}", {"vpcId": vpc.id})


def subnet(world: World, vpc: Made, number: int) -> Made:
    inputs = {"vpcId": vpc.id, "cidrBlock": f"10.48.{number}.0/24", "availabilityZone": "eu-central-1a"}
    return world.create("aws:ec2/subnet:Subnet", f"private-{number}", inputs)


def group(world: World, vpc: Made, name: str) -> Made:
    return world.create("aws:ec2/securityGroup:SecurityGroup", name, {"vpcId": vpc.id})


def policy(*actions: str, **rest: Any) -> str:
    statement = {"Sid": "OwnBuckets", "Effect": "Allow", "Principal": "*", "Action": list(actions), **rest}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def gateway_inputs(vpc: Made, *tables: Made) -> dict[str, Any]:
    return {
        "vpcId": vpc.id,
        "serviceName": S3,
        "vpcEndpointType": "Gateway",
        "policy": policy("s3:*", Resource=["*"]),
        "routeTableIds": [one.id for one in tables],
        "tags": {"Name": "roost-prod-s3"},
    }


def endpoints_of(world: World, table: Made) -> list[str]:
    """The endpoints that a route table leads to."""
    found = world.client("ec2").describe_route_tables(RouteTableIds=[table.id])["RouteTables"][0]["Routes"]
    return [route["GatewayId"] for route in found if route["GatewayId"].startswith("vpce-")]


def test_a_gateway_endpoint_leads_its_route_tables_to_s3(world: World, vpc: Made) -> None:
    tables = [table(world, vpc, zone) for zone in "abc"]
    made = world.roundtrip(ENDPOINT, gateway_inputs(vpc, *tables))
    assert made.outputs["arn"] == f"{ARN}:vpc-endpoint/{made.id}"
    assert str(made.outputs["prefixListId"]).startswith("pl-")
    assert made.outputs["state"] == "available"
    assert made.outputs["privateDnsEnabled"] is False
    assert [endpoints_of(world, one) for one in tables] == [[made.id]] * 3
    world.gone(made)
    assert [endpoints_of(world, one) for one in tables] == [[]] * 3


def test_a_gateway_endpoint_changes_policy_tables_and_tags_in_place(world: World, vpc: Made) -> None:
    first, second = table(world, vpc, "a"), table(world, vpc, "b")
    inputs = gateway_inputs(vpc, first)
    made = world.create(ENDPOINT, "s3", inputs)
    wanted = {**gateway_inputs(vpc, second), "policy": policy("s3:GetObject", Resource="*"), "tags": {}}
    changed = world.update(made, wanted)
    world.settled(changed, wanted)
    assert (endpoints_of(world, first), endpoints_of(world, second)) == ([], [made.id])
    for name, value in {"vpcId": "vpc-1", "serviceName": "other", "vpcEndpointType": "Interface"}.items():
        assert world.diff(made, {**inputs, name: value}).replaces == {name}
    world.gone(changed)


def test_an_endpoints_policy_in_other_words_is_the_same(world: World, vpc: Made) -> None:
    inputs = gateway_inputs(vpc)
    made = world.create(ENDPOINT, "s3", inputs)
    assert world.diff(made, {**inputs, "policy": policy("s3:*", Resource="*")}).changed == {}
    widened = policy("*", Resource="*")
    world.client("ec2").modify_vpc_endpoint(VpcEndpointId=made.id, PolicyDocument=widened)
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"policy"}
    world.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[made.id])
    assert world.refresh(made) is None


def test_an_interface_endpoint_has_an_interface_in_each_subnet(world: World, vpc: Made) -> None:
    first, second, third = (subnet(world, vpc, number) for number in (1, 2, 3))
    doors = [group(world, vpc, name) for name in ("endpoints", "others")]
    inputs = {
        "vpcId": vpc.id,
        "serviceName": "com.amazonaws.eu-central-1.ecr.api",
        "vpcEndpointType": "Interface",
        "subnetIds": [second.id, first.id],
        "securityGroupIds": [doors[0].id],
        "privateDnsEnabled": True,
        "tags": {"Name": "roost-prod-ecr-api"},
    }
    made = world.roundtrip(ENDPOINT, inputs)
    assert len(made.outputs["networkInterfaceIds"]) == 2
    assert made.outputs["privateDnsEnabled"] is True
    assert "ecr.api" in made.outputs["dnsEntries"][0]["dnsName"]
    with pytest.raises(ResourceError, match=f"subnet {first.id} to be free"):
        world.delete(first, seconds=0.3)
    with pytest.raises(ResourceError, match=f"security group {doors[0].id} to be free"):
        world.delete(doors[0], seconds=0.3)
    wanted = {
        **inputs,
        "subnetIds": [second.id, third.id],
        "securityGroupIds": [doors[1].id],
        "privateDnsEnabled": False,
    }
    changed = world.update(made, wanted)
    world.settled(changed, wanted)
    world.gone(first)
    world.gone(doors[0])
    world.gone(changed)
    for left in (second, third, doors[1], vpc):
        world.gone(left)


def flow_log_inputs(vpc: Made) -> dict[str, Any]:
    return {
        "vpcId": vpc.id,
        "trafficType": "ALL",
        "maxAggregationInterval": 60,
        "iamRoleArn": "arn:aws:iam::111122223333:role/network-flow-logs-8d0ad89",
        "logDestination": "arn:aws:logs:eu-central-1:111122223333:log-group:/roost/roost-prod/flow-logs",
        "logDestinationType": "cloud-watch-logs",
    }


def test_a_flow_log_to_cloudwatch_changes_nothing_but_its_tags(world: World, vpc: Made) -> None:
    inputs = flow_log_inputs(vpc)
    made = world.roundtrip(FLOW_LOG, inputs)
    assert made.id.startswith("fl-")
    assert made.outputs["arn"] == f"{ARN}:vpc-flow-log/{made.id}"
    assert str(made.outputs["logFormat"]).startswith("${version} ${account-id}")
    wanted = {**inputs, "tags": {"Name": "flow-logs"}}
    changed = world.update(made, wanted)
    world.settled(changed, wanted)
    others = {"vpcId": "vpc-1", "trafficType": "REJECT", "maxAggregationInterval": 600, "iamRoleArn": "arn:b"}
    for name, value in {**others, "logDestination": "arn:a", "logDestinationType": "s3"}.items():
        assert world.diff(made, {**inputs, name: value}).replaces == {name}
    world.gone(changed)


def test_a_flow_log_to_a_folder_of_a_bucket_keeps_its_options(world: World, vpc: Made) -> None:
    bucket = f"flow-logs-{vpc.id}"
    region = {"LocationConstraint": "eu-central-1"}
    world.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=region)
    inputs: dict[str, Any] = {
        "vpcId": vpc.id,
        "trafficType": "ALL",
        "logDestination": f"arn:aws:s3:::{bucket}/flow-logs",
        "logDestinationType": "s3",
        "destinationOptions": {
            "fileFormat": "parquet",
            "hiveCompatiblePartitions": True,
            "perHourPartition": True,
        },
    }
    made = world.roundtrip(FLOW_LOG, inputs)
    assert made.outputs["maxAggregationInterval"] == 600
    options = {**inputs["destinationOptions"], "fileFormat": "plain-text"}
    found = world.diff(made, {**inputs, "destinationOptions": options})
    assert found.replaces == {"destinationOptions.fileFormat"}
    world.client("ec2").delete_flow_logs(FlowLogIds=[made.id])
    assert world.refresh(made) is None


def test_a_flow_log_to_a_bucket_that_is_not_there_is_refused(world: World, vpc: Made) -> None:
    inputs = {"vpcId": vpc.id, "trafficType": "ALL", "logDestinationType": "s3"}
    with pytest.raises(ResourceError, match="does not exist"):
        world.create(FLOW_LOG, "it", {**inputs, "logDestination": "arn:aws:s3:::nobodys/flow-logs"})


def test_a_flow_log_of_nothing_is_refused(world: World, vpc: Made) -> None:
    inputs = {name: value for name, value in flow_log_inputs(vpc).items() if name != "vpcId"}
    with pytest.raises(ResourceError, match="exactly one of vpcId"):
        world.create(FLOW_LOG, "it", inputs)
