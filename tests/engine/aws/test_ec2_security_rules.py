"""Rules of security groups that are resources of their own, as the stacks have them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import Made, World

GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ARN = "arn:aws:ec2:eu-central-1:111122223333"


@pytest.fixture
def vpc(world: World) -> Made:
    return world.create("aws:ec2/vpc:Vpc", "network", {"cidrBlock": "10.48.0.0/16"})


@pytest.fixture
def edge(world: World, vpc: Made) -> Made:
    return world.create(GROUP, "edge", {"vpcId": vpc.id, "description": "Load balancer"})


@pytest.fixture
def cluster(world: World, vpc: Made) -> Made:
    return world.create(GROUP, "cluster", {"vpcId": vpc.id})


def rules(world: World, group: str) -> list[dict[str, Any]]:
    """What AWS has."""
    here = [{"Name": "group-id", "Values": [group]}]
    return world.client("ec2").describe_security_group_rules(Filters=here)["SecurityGroupRules"]


def https_inputs(edge: Made) -> dict[str, Any]:
    return {
        "securityGroupId": edge.id,
        "description": "https from anywhere",
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": "0.0.0.0/0",
    }


def test_a_rule_for_addresses_has_an_id_of_its_own(world: World, edge: Made) -> None:
    made = world.roundtrip(INGRESS, https_inputs(edge))
    assert made.id.startswith("sgr-")
    assert made.outputs["securityGroupRuleId"] == made.id
    assert made.outputs["arn"] == f"{ARN}:security-group-rule/{made.id}"
    world.gone(made)
    assert rules(world, edge.id) == []


@pytest.mark.parametrize("token", [INGRESS, EGRESS])
def test_a_rule_for_a_group_keeps_its_description(
    world: World, edge: Made, cluster: Made, token: str
) -> None:
    inputs = {
        "securityGroupId": edge.id,
        "description": "To the server's pods",
        "ipProtocol": "tcp",
        "fromPort": 8283,
        "toPort": 8283,
        "referencedSecurityGroupId": cluster.id,
    }
    made = world.roundtrip(token, inputs)
    assert [one["IsEgress"] for one in rules(world, edge.id)] == [token == EGRESS]
    wanted = {**inputs, "description": "another", "toPort": 8284, "tags": {"Name": "pods"}}
    changed = world.update(made, wanted)
    world.settled(changed, wanted)
    assert changed.id == made.id
    world.gone(changed)


@pytest.mark.parametrize(
    "source", [{"cidrIpv6": "::/0"}, {"cidrIpv4": "10.0.0.0/8"}, {"prefixListId": "pl-12345678"}]
)
def test_a_rule_for_all_protocols_has_no_ports(world: World, edge: Made, source: dict[str, str]) -> None:
    made = world.roundtrip(EGRESS, {"securityGroupId": edge.id, "ipProtocol": "-1", **source})
    assert "fromPort" not in made.outputs
    world.gone(made)


def test_a_rule_changes_ports_protocol_and_range_in_place(world: World, edge: Made) -> None:
    inputs = https_inputs(edge)
    made = world.create(INGRESS, "edge-https", inputs)
    for change in (
        {"cidrIpv4": "10.0.0.0/8"},
        {"fromPort": 8443, "toPort": 8444},
        {"ipProtocol": "udp"},
        {"ipProtocol": "-1", "fromPort": None, "toPort": None},
        {"description": "", "tags": {"Name": "it"}},
    ):
        inputs = {**inputs, **change}
        made = world.update(made, {name: value for name, value in inputs.items() if value is not None})
    (found,) = rules(world, edge.id)
    assert (found["SecurityGroupRuleId"], found["CidrIpv4"]) == (made.id, "10.0.0.0/8")
    assert found["IpProtocol"] == "-1"
    assert found["Tags"] == [{"Key": "Name", "Value": "it"}]


def test_an_ipv6_rule_gets_another_range_in_place(world: World, edge: Made) -> None:
    inputs = {"securityGroupId": edge.id, "ipProtocol": "-1", "cidrIpv6": "::/0"}
    made = world.create(EGRESS, "it", inputs)
    wanted = {**inputs, "cidrIpv6": "2001:db8::/32"}
    world.settled(world.update(made, wanted), wanted)


def test_another_kind_of_source_or_another_group_is_another_rule(
    world: World, edge: Made, cluster: Made
) -> None:
    inputs = https_inputs(edge)
    made = world.create(INGRESS, "edge-https", inputs)
    other = {name: value for name, value in inputs.items() if name != "cidrIpv4"}
    found = world.diff(made, {**other, "referencedSecurityGroupId": cluster.id})
    assert found.replaces == {"cidrIpv4", "referencedSecurityGroupId"}
    assert world.diff(made, {**inputs, "securityGroupId": cluster.id}).replaces == {"securityGroupId"}
    with pytest.raises(ClientError, match="Invalid rule type"):
        world.client("ec2").modify_security_group_rules(
            GroupId=edge.id,
            SecurityGroupRules=[
                {
                    "SecurityGroupRuleId": made.id,
                    "SecurityGroupRule": {
                        "IpProtocol": "tcp",
                        "FromPort": 443,
                        "ToPort": 443,
                        "ReferencedGroupId": cluster.id,
                    },
                }
            ],
        )


def test_a_rule_changed_behind_our_back_shows_and_is_repaired(world: World, edge: Made) -> None:
    inputs = https_inputs(edge)
    made = world.create(INGRESS, "edge-https", inputs)
    world.client("ec2").modify_security_group_rules(
        GroupId=edge.id,
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": made.id,
                "SecurityGroupRule": {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 443,
                    "CidrIpv4": "0.0.0.0/0",
                },
            }
        ],
    )
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"description", "fromPort"}
    repaired = world.update(seen, inputs)
    world.settled(repaired, inputs)
    assert [one["FromPort"] for one in rules(world, edge.id)] == [443]


def test_a_rule_revoked_behind_our_back_is_gone_and_can_be_made_again(world: World, edge: Made) -> None:
    made = world.create(INGRESS, "edge-https", https_inputs(edge))
    world.client("ec2").revoke_security_group_ingress(GroupId=edge.id, SecurityGroupRuleIds=[made.id])
    assert world.refresh(made) is None
    again = world.roundtrip(INGRESS, https_inputs(edge))
    assert again.id != made.id


def test_a_rule_without_a_source_is_refused(world: World, edge: Made) -> None:
    with pytest.raises(ResourceError, match="exactly one of cidrIpv4"):
        world.create(INGRESS, "it", {"securityGroupId": edge.id, "ipProtocol": "-1"})
