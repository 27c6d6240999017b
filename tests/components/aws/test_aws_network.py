"""What a network can be beyond the defaults: IPv6, flow logs in a bucket, endpoints instead of NAT."""

from __future__ import annotations

import json
from ipaddress import IPv6Network
from typing import Any

import pytest

from infra.settings.aws_network import NEEDED_WITHOUT_NAT
from infra.sizing.cidr import ipv6_subnet
from tests.components.aws.conftest import Variant
from tests.support.aws_answers import IPV6_BLOCK
from tests.support.monitor import UNKNOWN, Recording, Registration

SUBNET = "aws:ec2/subnet:Subnet"
ROUTE = "aws:ec2/route:Route"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
BUCKET = "aws:s3/bucket:Bucket"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ENDPOINTS = sorted({*NEEDED_WITHOUT_NAT, "monitoring", "rds"})
"""What nodes need, and what the alarms' heartbeat needs."""
IPV6: dict[str, Any] = {
    "network": {"ipv6": True},
    "edge": {"dualStack": True, "allowedCidrs": ["0.0.0.0/0", "::/0"]},
}


@pytest.fixture(scope="module")
def six(variant: Variant) -> Recording:
    return variant("prod", {"aws": IPV6})


@pytest.fixture(scope="module")
def to_s3(variant: Variant) -> Recording:
    network = {"flowLogDestination": "s3", "flowLogRetentionDays": 90}
    return variant("prod", {"aws": {"network": network}})


def tier(recording: Recording, name: str) -> dict[str, Registration]:
    """Subnets of a tier by zone letter."""
    return {
        s.inputs["availabilityZone"][-1]: s
        for s in recording.of_type(SUBNET)
        if s.inputs["tags"]["tier"] == name
    }


def statements(policy: str) -> dict[str, dict[str, Any]]:
    return {s["Sid"]: s for s in json.loads(policy)["Statement"]}


# IPv6


def test_public_and_private_subnets_get_a_64_each_and_databases_none(six: Recording) -> None:
    assert six.one("aws:ec2/vpc:Vpc").inputs["assignGeneratedIpv6CidrBlock"] is True
    for name in ("public", "private"):
        for zone, subnet in tier(six, name).items():
            expected = ipv6_subnet(IPV6_BLOCK, name, zone)  # pyright: ignore[reportArgumentType]
            assert subnet.inputs["ipv6CidrBlock"] == expected
    ranges = [
        IPv6Network(s.inputs["ipv6CidrBlock"]) for n in ("public", "private") for s in tier(six, n).values()
    ]
    assert len(set(ranges)) == 6
    assert all("ipv6CidrBlock" not in s.inputs for s in tier(six, "database").values())


def test_only_nodes_get_ipv6_addresses_by_themselves(six: Recording) -> None:
    assert all(s.inputs["assignIpv6AddressOnCreation"] is True for s in tier(six, "private").values())
    for name in ("public", "database"):
        assert all("assignIpv6AddressOnCreation" not in s.inputs for s in tier(six, name).values())


def test_connections_over_ipv6_leave_private_subnets_and_none_enters(six: Recording) -> None:
    gateway = six.one("aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway")
    nodes = six.one("aws:eks/nodeGroup:NodeGroup", "cluster-nodes-app")
    for zone in "abc":
        route = six.one(ROUTE, f"network-private-{zone}-ipv6")
        assert route.inputs["destinationIpv6CidrBlock"] == "::/0"
        assert "egressOnlyGatewayId" in route.inputs
        assert "gatewayId" not in route.inputs
        assert gateway.urn in route.dependencies
        assert six.waits_for(nodes, route)
    public = six.one(ROUTE, "network-public-internet-ipv6").inputs
    assert public["destinationIpv6CidrBlock"] == "::/0"
    assert "gatewayId" in public


def test_databases_have_no_way_out_over_ipv6_either(six: Recording) -> None:
    table = six.one("aws:ec2/routeTable:RouteTable", "network-database")
    assert [r for r in six.of_type(ROUTE) if table.urn in r.dependencies] == []


def test_the_load_balancer_answers_on_both_and_says_so_in_dns(six: Recording) -> None:
    assert six.one("aws:lb/loadBalancer:LoadBalancer").inputs["ipAddressType"] == "dualstack"
    kinds = {
        r.name: r.inputs["type"] for r in six.of_type("aws:route53/record:Record") if "aliases" in r.inputs
    }
    assert kinds == {"edge": "A", "edge-ipv6": "AAAA"}
    doors = [
        r
        for r in six.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if r.inputs.get("cidrIpv6")
    ]
    assert sorted((r.inputs["cidrIpv6"], r.inputs["fromPort"]) for r in doors) == [
        ("::/0", 80),
        ("::/0", 443),
    ]
    assert all("cidrIpv4" not in r.inputs for r in doors)


def test_ipv6_adds_to_a_stack_and_changes_no_name_in_it(six: Recording, prod: Recording) -> None:
    assert {r.urn for r in prod.registrations} <= {r.urn for r in six.registrations}


def test_without_ipv6_nothing_speaks_of_it(dev: Recording, prod: Recording) -> None:
    for recording in (dev, prod):
        for resource in recording.custom():
            if resource.type.startswith("aws:"):
                assert not [key for key in resource.inputs if "ipv6" in key.lower()], resource.urn


def test_the_first_preview_does_not_know_the_ipv6_range(variant: Variant) -> None:
    preview = variant("prod", {"aws": IPV6}, preview=True)
    assert {s.inputs["ipv6CidrBlock"] for s in tier(preview, "private").values()} == {UNKNOWN}


def test_another_zone_moves_no_subnet(variant: Variant, dev: Recording) -> None:
    wider = variant("dev", {"aws": {"network": {"zones": ["a", "b", "c"]}}})
    before = {s.urn: s.inputs for s in dev.of_type(SUBNET)}
    after = {s.urn: s.inputs for s in wider.of_type(SUBNET)}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 3


# Flow logs


def test_flow_logs_in_cloudwatch_are_encrypted_and_end(dev: Recording, prod: Recording) -> None:
    for recording in (dev, prod):
        log = recording.one(FLOW_LOG)
        assert log.inputs["logDestinationType"] == "cloud-watch-logs"
        group = recording.one("aws:cloudwatch/logGroup:LogGroup", "network-flow-logs")
        assert recording.waits_for(log, group)
        assert group.inputs["kmsKeyId"].startswith("arn:aws:kms:")
        assert group.inputs["retentionInDays"] == (365 if recording is prod else 30)


def test_flow_logs_in_s3_have_a_bucket_and_an_end_of_their_own(to_s3: Recording) -> None:
    log = to_s3.one(FLOW_LOG)
    assert log.inputs["logDestinationType"] == "s3"
    assert log.inputs["trafficType"] == "ALL"
    assert log.inputs["logDestination"].startswith("arn:aws:s3:::roost-prod-flow-logs-")
    assert "iamRoleArn" not in log.inputs
    (rule,) = to_s3.one(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "network-flow-logs"
    ).inputs["rules"]
    assert rule["expiration"] == {"days": 90}
    names = {g.name for g in to_s3.of_type("aws:cloudwatch/logGroup:LogGroup")}
    assert "network-flow-logs" not in names


def test_flow_logs_in_s3_are_encrypted_with_the_key_for_logs(to_s3: Recording) -> None:
    keys = next(v for urn, v in to_s3.outputs.items() if urn.endswith("roost:aws:Keys::keys"))
    (rule,) = to_s3.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "network-flow-logs",
    ).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == keys["logs"]
    granted = statements(to_s3.one("aws:kms/key:Key", "keys-logs").inputs["policy"])["FlowLogDelivery"]
    assert granted["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert granted["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


def test_only_this_accounts_flow_logs_are_delivered(to_s3: Recording) -> None:
    policy = to_s3.one("aws:s3/bucketPolicy:BucketPolicy", "network-flow-logs")
    allowed = {s: v for s, v in statements(policy.inputs["policy"]).items() if v["Effect"] == "Allow"}
    assert set(allowed) == {"AWSLogDeliveryWrite", "AWSLogDeliveryAclCheck"}
    for statement in allowed.values():
        assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnLike": {"aws:SourceArn": "arn:aws:logs:eu-central-1:111122223333:*"},
        }
    assert allowed["AWSLogDeliveryWrite"]["Action"] == ["s3:PutObject"]
    assert to_s3.waits_for(to_s3.one(FLOW_LOG), policy), "or AWS writes a policy of its own"


def test_no_key_serves_flow_logs_that_go_elsewhere(dev: Recording, prod: Recording) -> None:
    for recording in (dev, prod):
        key = recording.one("aws:kms/key:Key", "keys-logs")
        assert "FlowLogDelivery" not in statements(key.inputs["policy"])


# Ways out


@pytest.fixture(scope="module")
def closed(variant: Variant) -> Recording:
    """Dev with nothing from the internet: the weights are in the bucket, images in ECR."""
    registry = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
    vllm = f"{registry}/vllm:v0.33.0"
    return variant(
        "dev",
        {
            "inference": {"image": vllm, "weights": {"source": "bucket"}, "embedding": {"image": vllm}},
            "clickhouse": {"image": f"{registry}/clickhouse:26.8"},
            "aws": {
                "network": {"nat": "none", "interfaceEndpoints": ENDPOINTS},
                "edge": {"controllerImage": f"{registry}/controller:v2.14.1"},
                "gpu": {
                    "pluginImage": f"{registry}/plugin:v0.17.4",
                    "exporterImage": f"{registry}/dcgm:4.5.3",
                },
                "budget": {"monthlyLimit": 1000},
            },
        },
    )


def test_without_nat_private_subnets_have_no_default_route(closed: Recording) -> None:
    assert closed.of_type("aws:ec2/natGateway:NatGateway") == []
    assert closed.of_type("aws:ec2/eip:Eip") == []
    assert [r.name for r in closed.of_type(ROUTE)] == ["network-public-internet"]


def test_interface_endpoints_answer_under_awss_own_names_to_the_vpc_only(closed: Recording) -> None:
    interfaces = [e for e in closed.of_type(ENDPOINT) if e.inputs["vpcEndpointType"] == "Interface"]
    assert {e.inputs["serviceName"] for e in interfaces} == {
        f"com.amazonaws.eu-central-1.{service}" for service in ENDPOINTS
    }
    for endpoint in interfaces:
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert len(endpoint.inputs["subnetIds"]) == 2
        (own,) = json.loads(endpoint.inputs["policy"])["Statement"]
        assert own["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}
    door = closed.one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "network-endpoints")
    assert (door.inputs["cidrIpv4"], door.inputs["fromPort"], door.inputs["toPort"]) == (
        "10.32.0.0/16",
        443,
        443,
    )


def test_nodes_wait_for_the_endpoints_that_they_need(closed: Recording) -> None:
    nodes = closed.one("aws:eks/nodeGroup:NodeGroup", "cluster-nodes-app")
    for endpoint in closed.of_type(ENDPOINT):
        assert closed.waits_for(nodes, endpoint), endpoint.name


def test_the_s3_endpoint_serves_every_private_subnet_in_every_stack(
    dev: Recording, prod: Recording, closed: Recording
) -> None:
    for recording in (dev, prod, closed):
        endpoint = recording.one(ENDPOINT, "network-endpoints-s3").inputs
        assert endpoint["vpcEndpointType"] == "Gateway"
        assert len(endpoint["routeTableIds"]) == len(tier(recording, "private"))
