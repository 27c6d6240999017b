"""The provider as the engine sees it: settings, handshake, and answers that show no secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator, Mapping
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from local.emulator.child import Emulated
from local.plugins.base.values import Secret, Value, decode, encode
from tests.engine.aws.harness import REGION, SERVICES
from tests.engine.served import Served, serving

AWAY = "eu-west-1"
VPC = "aws:ec2/vpc:Vpc"
NOBODY = "http://127.0.0.1:9"  # no engine listens: what it would be told is dropped
GOOD: Mapping[str, Value] = {
    "region": REGION,
    "endpoints": json.dumps([dict.fromkeys(SERVICES, NOBODY)]),
    "version": "7.51.1",
}


@pytest.fixture(scope="module")
def plugin() -> Generator[Served]:
    with serving("local.plugins.aws", NOBODY.removeprefix("http://")) as served:
        yield served


@pytest.fixture
def configured(plugin: Served, emulated: Emulated) -> Served:
    endpoints = json.dumps([dict.fromkeys(SERVICES, emulated.url)])
    plugin.stub.Configure(provider_pb2.ConfigureRequest(args=encode({**GOOD, "endpoints": endpoints})))
    return plugin


def refusals(plugin: Served, **settings: Value) -> dict[str, str]:
    request = provider_pb2.CheckRequest(
        urn="urn:pulumi:test::p::pulumi:providers:aws::aws", news=encode(settings)
    )
    return {failure.property: failure.reason for failure in plugin.stub.CheckConfig(request).failures}


def test_the_settings_of_an_emulated_account_are_accepted(plugin: Served) -> None:
    others: dict[str, Value] = {
        "allowedAccountIds": '["111122223333"]',
        "defaultTags": '{"tags": {"owner": "platform"}}',
        "s3UsePathStyle": "true",
        "skipCredentialsValidation": "true",
        "skipMetadataApiCheck": "true",
        "skipRegionValidation": "true",
        "skipRequestingAccountId": "false",
    }
    assert refusals(plugin, **GOOD, **others) == {}


@pytest.mark.parametrize(
    ("wrong", "property_", "says"),
    [
        ({"region": None}, "region", "aws:region"),
        ({"endpoints": None}, "endpoints", "official plugin"),
        ({"endpoints": "[]"}, "endpoints", "emulated account"),
        ({"endpoints": '[{"ec2": "https://ec2.example"}]'}, "endpoints.ec2", "not loopback"),
        ({"profile": "mine"}, "profile", "no meaning here"),
        ({"assumeRoles": "[]"}, "assumeRoles", "no meaning here"),
        ({"defaultTags": "[]"}, "defaultTags", "JSON object"),
        ({"allowedAccountIds": "111122223333"}, "allowedAccountIds", "JSON list"),
    ],
)
def test_settings_that_would_reach_a_real_account_or_mean_nothing_are_refused(
    plugin: Served, wrong: dict[str, Any], property_: str, says: str
) -> None:
    assert says in refusals(plugin, **{**GOOD, **wrong})[property_]


def test_without_a_loopback_endpoint_it_is_not_even_configured(plugin: Served) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        plugin.stub.Configure(provider_pb2.ConfigureRequest(args=encode({"region": REGION})))
    assert "works on an emulated account only" in caught.value.details()


def test_another_region_is_another_provider_but_another_endpoint_is_not(plugin: Served) -> None:
    def diff(**changed: Value) -> provider_pb2.DiffResponse:
        new = encode({**GOOD, **changed})
        return plugin.stub.DiffConfig(provider_pb2.DiffRequest(old_inputs=encode(GOOD), news=new))

    assert list(diff(region="eu-west-1").replaces) == ["region"]
    moved = diff(endpoints=json.dumps([{"ec2": "http://127.0.0.1:10"}]))
    assert (list(moved.diffs), list(moved.replaces)) == (["endpoints"], [])
    assert diff().changes == provider_pb2.DiffResponse.DIFF_NONE


def test_an_answer_of_aws_shows_no_secret_input(configured: Served) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        configured.create(VPC, cidrBlock=Secret("10.0.0.0/99"))
    assert "[secret]" in caught.value.details()
    assert "10.0.0.0/99" not in caught.value.details()
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


def test_what_was_made_but_not_finished_reaches_the_engine_with_its_id(
    configured: Served, emulated: Emulated
) -> None:
    emulated.fail("ec2", "ModifyVpcAttribute", code="UnauthorizedOperation", message="Not you")
    with pytest.raises(grpc.RpcError) as caught:
        configured.create(VPC, cidrBlock="10.0.0.0/16")
    details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    assert b"ErrorResourceInitFailed" in details
    assert b"vpc-" in details


def test_an_unmapped_type_and_an_unmapped_function_are_refused_by_name(configured: Served) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        configured.problems("aws:mq/broker:Broker")
    assert "aws:mq/broker:Broker is not mapped" in caught.value.details()
    with pytest.raises(grpc.RpcError) as caught:
        invoke(configured, "aws:ec2/getAmi:getAmi")
    assert "aws:ec2/getAmi:getAmi is not mapped" in caught.value.details()


def test_functions_find_a_network_that_somebody_else_made(configured: Served, emulated: Emulated) -> None:
    ec2 = emulated.client("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": "tier", "Value": "public"}])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    mine: Value = [{"name": "vpc-id", "values": [vpc]}]

    found = invoke(configured, "aws:ec2/getVpc:getVpc", id=vpc)
    assert (found["cidrBlock"], found["enableDnsSupport"]) == ("10.77.0.0/16", True)
    assert invoke(configured, "aws:ec2/getSubnets:getSubnets", filters=mine, tags={"tier": "public"})[
        "ids"
    ] == [subnet]
    assert invoke(configured, "aws:ec2/getSubnet:getSubnet", id=subnet)["tags"] == {"tier": "public"}
    routed: dict[str, Any] = invoke(configured, "aws:ec2/getRouteTable:getRouteTable", subnetId=subnet)
    assert [(route["cidrBlock"], route["gatewayId"]) for route in routed["routes"]] == [
        ("0.0.0.0/0", gateway)
    ]
    assert set(invoke(configured, "aws:ec2/getRouteTables:getRouteTables", vpcId=vpc)["ids"]) > {table}
    assert invoke(configured, "aws:ec2/getNatGateways:getNatGateways", vpcId=vpc)["ids"] == []
    s3 = invoke(configured, "aws:ec2/getPrefixList:getPrefixList", name=f"com.amazonaws.{REGION}.s3")
    assert "52.216.0.0/15" in s3["cidrBlocks"]
    account = invoke(configured, "aws:index/getCallerIdentity:getCallerIdentity")
    assert account["accountId"] == emulated.account
    assert isinstance(invoke(configured, "aws:eks/getClusters:getClusters")["names"], list)

    with pytest.raises(grpc.RpcError) as caught:
        invoke(configured, "aws:ec2/getSubnet:getSubnet", vpcId="vpc-none")
    assert "no Subnets match" in caught.value.details()
    with pytest.raises(grpc.RpcError) as caught:
        invoke(configured, "aws:ec2/getVpc:getVpc", default=True)
    assert "mapped without default" in caught.value.details()


def test_functions_look_at_copies_in_another_region(configured: Served, emulated: Emulated) -> None:
    kms, copies = emulated.client("kms", REGION), {"region": AWAY}
    made = kms.create_key(MultiRegion=True)["KeyMetadata"]
    replica = kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=AWAY)["ReplicaKeyMetadata"]["Arn"]
    key = invoke(configured, "aws:kms/getKey:getKey", keyId=replica, **copies)
    assert (key["arn"], key["keyState"], key["enabled"]) == (replica, "Enabled", True)
    emulated.client("kms", AWAY).disable_key(KeyId=replica.rpartition("/")[2])
    assert invoke(configured, "aws:kms/getKey:getKey", keyId=replica, **copies)["keyState"] == "Disabled"

    entry = emulated.client("secretsmanager", REGION).create_secret(
        Name="lost/server", SecretString="kept", AddReplicaRegions=[{"Region": AWAY}]
    )["ARN"]
    copy = entry.replace(REGION, AWAY)
    found = invoke(
        configured, "aws:secretsmanager/getSecretVersion:getSecretVersion", secretId=copy, **copies
    )
    assert found["secretString"] == "kept"

    place = {"LocationConstraint": AWAY}
    emulated.client("s3", AWAY).create_bucket(Bucket="lost-backup-copy", CreateBucketConfiguration=place)
    bucket = invoke(configured, "aws:s3/getBucket:getBucket", bucket="lost-backup-copy", **copies)
    assert (bucket["arn"], bucket["bucketRegion"]) == ("arn:aws:s3:::lost-backup-copy", AWAY)


def invoke(plugin: Served, token: str, **arguments: Value) -> dict[str, Value]:
    request = provider_pb2.InvokeRequest(tok=token, args=encode(arguments))
    return decode(getattr(plugin.stub.Invoke(request), "return"))


def test_starting_the_plugin_loads_neither_the_sdk_nor_botocores_clients() -> None:
    loaded = "import sys, local.plugins.aws.provider; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, timeout=60, check=True
    )
    heavy = {"pulumi_aws", "boto3", "botocore.session", "botocore.client", "local.plugins.aws.types.ec2_vpc"}
    assert not heavy & set(done.stdout.split())
