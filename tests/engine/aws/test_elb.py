from __future__ import annotations

import itertools
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pytest

from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, Made, World

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGETS = "aws:lb/targetGroup:TargetGroup"
LISTENER = "aws:lb/listener:Listener"
CERTIFICATE = "aws:acm/certificate:Certificate"
_numbers = itertools.count(1)


@dataclass
class Network:
    vpc: str
    subnets: list[str]
    groups: list[str]


@pytest.fixture(scope="module")
def network(emulated: Any) -> Network:
    ec2 = emulated.client("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")[
            "Subnet"
        ]["SubnetId"]
        for number, zone in enumerate("abc")
    ]
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("edge", "other")
    ]
    return Network(vpc, subnets, groups)


def balancer(network: Network, **more: object) -> dict[str, object]:
    """As the stacks ask for it; prod with deletion protection."""
    return {
        "loadBalancerType": "application",
        "internal": False,
        "securityGroups": network.groups[:1],
        "subnets": network.subnets,
        "idleTimeout": 300,
        "dropInvalidHeaderFields": True,
        "desyncMitigationMode": "defensive",
        "enableDeletionProtection": False,
        "accessLogs": {"bucket": "roost-prod-logs", "prefix": "alb", "enabled": True},
        "tags": {"Name": "roost-prod-edge"},
        **more,
    }


def targets(network: Network, **more: object) -> dict[str, object]:
    """As the stacks ask for it."""
    return {
        "vpcId": network.vpc,
        "port": 8283,
        "protocol": "HTTP",
        "targetType": "ip",
        "deregistrationDelay": 615,
        "healthCheck": {
            "path": "/v1/health/",
            "matcher": "200",
            "interval": 5,
            "timeout": 4,
            "healthyThreshold": 2,
            "unhealthyThreshold": 3,
        },
        **more,
    }


def redirect(arn: str, **more: object) -> dict[str, object]:
    https = {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}
    return {
        "loadBalancerArn": arn,
        "port": 80,
        "protocol": "HTTP",
        "defaultActions": [{"type": "redirect", "redirect": https}],
        **more,
    }


def attributes(world: World, made: Made) -> dict[str, str]:
    answer = world.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=made.id)
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


@pytest.fixture
def edge(world: World, network: Network) -> Generator[Made]:
    made = world.create(BALANCER, f"edge{next(_numbers)}", balancer(network))
    yield made
    world.delete(made)


@pytest.fixture
def group(world: World, network: Network) -> Generator[Made]:
    made = world.create(TARGETS, f"edge{next(_numbers)}", targets(network))
    yield made
    world.delete(made)


def test_a_load_balancer_has_the_outputs_of_the_real_provider(world: World, network: Network) -> None:
    made = world.roundtrip(BALANCER, balancer(network), "edge")
    name = made.outputs["name"]
    assert name.startswith("edge-")
    assert made.id == made.outputs["arn"]
    assert made.id.startswith(f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/{name}/")
    assert made.outputs["arnSuffix"] == made.id.split(":loadbalancer/")[1]
    assert made.outputs["dnsName"].endswith(f".{REGION}.elb.amazonaws.com")
    assert made.outputs["zoneId"].startswith("Z")
    assert made.outputs["vpcId"] == network.vpc
    assert made.outputs["ipAddressType"] == "ipv4"
    world.gone(made)


def test_a_name_that_aws_would_not_take_is_refused(world: World, network: Network) -> None:
    for token, inputs in ((BALANCER, balancer(network)), (TARGETS, targets(network))):
        assert (
            "at most 32" in world.problems(token, inputs, name="edge-with-a-rather-long-logical-name")["name"]
        )


def test_a_load_balancers_settings_reach_aws_with_the_real_providers_defaults(
    world: World, edge: Made
) -> None:
    found = attributes(world, edge)
    assert found["idle_timeout.timeout_seconds"] == "300"
    assert found["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert found["routing.http.desync_mitigation_mode"] == "defensive"
    assert found["access_logs.s3.enabled"] == "true"
    assert (found["access_logs.s3.bucket"], found["access_logs.s3.prefix"]) == ("roost-prod-logs", "alb")
    assert found["client_keep_alive.seconds"] == "3600"
    assert found["routing.http2.enabled"] == "true"
    assert edge.outputs["clientKeepAlive"] == 3600


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ({"idleTimeout": 120}, "idle_timeout.timeout_seconds", "120"),
        ({"idleTimeout": None}, "idle_timeout.timeout_seconds", "60"),
        ({"dropInvalidHeaderFields": False}, "routing.http.drop_invalid_header_fields.enabled", "false"),
        ({"desyncMitigationMode": "strictest"}, "routing.http.desync_mitigation_mode", "strictest"),
        ({"enableHttp2": False}, "routing.http2.enabled", "false"),
        ({"clientKeepAlive": 60}, "client_keep_alive.seconds", "60"),
        ({"preserveHostHeader": True}, "routing.http.preserve_host_header.enabled", "true"),
        ({"accessLogs": None}, "access_logs.s3.enabled", "false"),
        ({"accessLogs": {"bucket": "other", "enabled": True}}, "access_logs.s3.bucket", "other"),
    ],
)
def test_a_load_balancers_attributes_change_in_place(
    world: World, network: Network, edge: Made, change: dict[str, object], key: str, value: str
) -> None:
    after = {name: given for name, given in balancer(network, **change).items() if given is not None}
    changed = world.update(edge, after)
    world.settled(changed, after)
    assert attributes(world, edge)[key] == value


def test_a_load_balancer_moves_to_other_subnets_groups_and_tags_in_place(
    world: World, network: Network, edge: Made
) -> None:
    after = balancer(
        network, subnets=network.subnets[:2], securityGroups=network.groups[::-1], tags={"owner": "platform"}
    )
    changed = world.update(edge, after)
    world.settled(changed, after)
    client = world.client("elbv2")
    found = client.describe_load_balancers(LoadBalancerArns=[edge.id])["LoadBalancers"][0]
    assert {zone["SubnetId"] for zone in found["AvailabilityZones"]} == set(network.subnets[:2])
    assert set(found["SecurityGroups"]) == set(network.groups)
    tags = client.describe_tags(ResourceArns=[edge.id])["TagDescriptions"][0]["Tags"]
    assert tags == [{"Key": "owner", "Value": "platform"}]
    turned = {**after, "subnets": network.subnets[1::-1]}
    assert world.diff(changed, turned).changed == {}, "subnets are a set"
    assert world.diff(changed, {**after, "internal": True}).replaces == {"internal"}
    assert world.diff(changed, {**after, "name": "other"}).replaces == {"name"}


def test_a_protected_load_balancer_is_not_deleted(world: World, network: Network) -> None:
    made = world.roundtrip(BALANCER, balancer(network, enableDeletionProtection=True))
    with pytest.raises(ResourceError, match="deletion protection is enabled"):
        world.delete(made)
    assert world.refresh(made) is not None
    world.gone(world.update(made, balancer(network)))


def test_a_firewall_stays_as_long_as_it_protects_a_load_balancer(world: World, edge: Made) -> None:
    visible = {"metricName": "all", "cloudwatchMetricsEnabled": True, "sampledRequestsEnabled": False}
    allow = {"scope": "REGIONAL", "defaultAction": {"allow": {}}, "visibilityConfig": visible}
    acl = world.create("aws:wafv2/webAcl:WebAcl", "firewall", allow)
    protection = {"webAclArn": acl.outputs["arn"], "resourceArn": edge.id}
    association = world.create("aws:wafv2/webAclAssociation:WebAclAssociation", "firewall", protection)
    with pytest.raises(ResourceError, match=r"in vain for web ACL .* to be used by nothing"):
        world.delete(acl, seconds=0.5)
    world.gone(association)
    world.gone(acl)


def test_a_weakened_and_a_deleted_load_balancer_are_seen(world: World, network: Network, edge: Made) -> None:
    weaker = [{"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "false"}]
    client = world.client("elbv2")
    client.modify_load_balancer_attributes(LoadBalancerArn=edge.id, Attributes=weaker)
    seen = world.refresh(edge)
    assert seen is not None
    assert world.diff(seen, balancer(network)).changed == {"dropInvalidHeaderFields": "update"}
    client.delete_load_balancer(LoadBalancerArn=edge.id)
    assert world.refresh(edge) is None


def test_a_network_load_balancer_is_refused(world: World, network: Network) -> None:
    with pytest.raises(ResourceError, match="only application load balancers are served"):
        world.create(BALANCER, "nlb", balancer(network, loadBalancerType="network"))


def test_a_target_group_has_the_outputs_of_the_real_provider(world: World, network: Network) -> None:
    made = world.roundtrip(TARGETS, targets(network), "edge")
    assert made.id == made.outputs["arn"]
    assert made.outputs["arnSuffix"] == made.id.rsplit(":", 1)[1]
    assert made.outputs["arnSuffix"].startswith(f"targetgroup/{made.outputs['name']}/")
    assert made.outputs["protocolVersion"] == "HTTP1"
    assert made.outputs["healthCheck"]["port"] == "traffic-port"
    assert made.outputs["deregistrationDelay"] == 615
    world.gone(made)


def test_health_check_and_delays_of_a_target_group_change_in_place(
    world: World, network: Network, group: Made
) -> None:
    check = {"path": "/v1/ready/", "matcher": "200-299", "interval": 10, "timeout": 5}
    after = targets(network, healthCheck=check, deregistrationDelay=30, slowStart=60, tags={"one": "1"})
    after["stickiness"] = {"type": "lb_cookie", "cookieDuration": 60, "enabled": True}
    changed = world.update(group, after)
    world.settled(changed, after)
    found = world.client("elbv2").describe_target_groups(TargetGroupArns=[group.id])["TargetGroups"][0]
    assert found["HealthCheckPath"] == "/v1/ready/"
    assert found["HealthyThresholdCount"] == 3, "what is no longer given is the default again"
    back = world.update(changed, targets(network))
    world.settled(back, targets(network))


@pytest.mark.parametrize(
    ("name", "other"),
    [("port", 80), ("protocol", "HTTPS"), ("targetType", "instance"), ("vpcId", "vpc-0"), ("name", "other")],
)
def test_what_a_target_group_is_for_makes_a_new_one(
    world: World, network: Network, group: Made, name: str, other: object
) -> None:
    assert world.diff(group, targets(network, **{name: other})).replaces == {name}


def test_a_slower_health_check_and_a_deleted_target_group_are_seen(
    world: World, network: Network, group: Made
) -> None:
    client = world.client("elbv2")
    client.modify_target_group(TargetGroupArn=group.id, HealthCheckIntervalSeconds=300)
    seen = world.refresh(group)
    assert seen is not None
    assert world.diff(seen, targets(network)).changed == {"healthCheck.interval": "update"}
    client.delete_target_group(TargetGroupArn=group.id)
    assert world.refresh(group) is None


def test_a_redirect_listener_is_made_changed_and_removed(world: World, edge: Made) -> None:
    made = world.roundtrip(LISTENER, redirect(edge.id))
    assert made.id.startswith(edge.id.replace(":loadbalancer/", ":listener/"))
    action = world.client("elbv2").describe_listeners(ListenerArns=[made.id])["Listeners"][0][
        "DefaultActions"
    ][0]
    assert action["RedirectConfig"]["Host"] == "#{host}", "what is left out stays as the client asked"
    answer = {"contentType": "text/plain", "messageBody": "not here", "statusCode": "404"}
    fixed = [{"type": "fixed-response", "fixedResponse": answer}]
    after = redirect(edge.id, port=8080, defaultActions=fixed, tags={"one": "1"})
    changed = world.update(made, after)
    world.settled(changed, after)
    assert world.diff(changed, {**after, "loadBalancerArn": "other"}).replaces == {"loadBalancerArn"}
    world.gone(changed)


def test_an_https_listener_forwards_with_policy_certificate_and_headers(
    world: World, edge: Made, group: Made
) -> None:
    certificates = [
        world.create(CERTIFICATE, name, {"domainName": "roost.example.com", "validationMethod": "DNS"})
        for name in ("one", "two")
    ]
    header = "routingHttpResponseStrictTransportSecurityHeaderValue"
    https = {
        "loadBalancerArn": edge.id,
        "port": 443,
        "protocol": "HTTPS",
        "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        "certificateArn": certificates[0].id,
        header: "max-age=31536000",
        "defaultActions": [{"type": "forward", "targetGroupArn": group.id}],
    }
    made = world.roundtrip(LISTENER, https)
    client = world.client("elbv2")
    headers = client.describe_listener_attributes(ListenerArn=made.id)["Attributes"]
    strict = "routing.http.response.strict_transport_security.header_value"
    assert {"Key": strict, "Value": "max-age=31536000"} in headers

    for used in (group, certificates[0]):
        with pytest.raises(ResourceError, match="ResourceInUse"):
            world.delete(used)
    after = {
        **https,
        "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "certificateArn": certificates[1].id,
        header: "max-age=60",
    }
    changed = world.update(made, after)
    world.settled(changed, after)
    unsaid = {name: value for name, value in after.items() if name != header}
    assert world.diff(changed, unsaid).changed == {}, "as with the real provider, AWS's value stays"
    bare = {**after, header: ""}
    without = world.update(changed, bare)
    world.settled(without, bare)
    headers = client.describe_listener_attributes(ListenerArn=made.id)["Attributes"]
    assert {"Key": strict, "Value": ""} in headers

    client.modify_listener(ListenerArn=made.id, SslPolicy="ELBSecurityPolicy-2016-08")
    seen = world.refresh(without)
    assert seen is not None
    assert world.diff(seen, bare).changed == {"sslPolicy": "update"}
    world.gone(without)
    for certificate in certificates:
        world.gone(certificate)


def test_a_listener_goes_with_its_load_balancer(world: World, network: Network) -> None:
    made = world.create(BALANCER, "short-lived", balancer(network))
    listener = world.create(LISTENER, "redirect", redirect(made.id))
    world.gone(made)
    assert world.refresh(listener) is None
    world.delete(listener)


def test_an_action_that_signs_users_in_is_refused(world: World, edge: Made) -> None:
    action = {"type": "authenticate-oidc", "authenticateOidc": {
        "authorizationEndpoint": "https://a", "clientId": "c", "clientSecret": "s", "issuer": "https://i",
        "tokenEndpoint": "https://t", "userInfoEndpoint": "https://u",
    }}  # fmt: skip
    with pytest.raises(ResourceError, match="authenticate-oidc is not served here"):
        world.create(LISTENER, "oidc", redirect(edge.id, defaultActions=[action]))
