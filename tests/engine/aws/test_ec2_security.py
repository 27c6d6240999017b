"""Security groups, as the stacks have them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import Made, World

GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
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


def database_inputs(vpc: Made) -> dict[str, Any]:
    return {
        "vpcId": vpc.id,
        "description": "Postgres: admits named security groups, opens no connection itself",
        "egress": [],
        "tags": {"Name": "roost-prod-database"},
    }


def rules(world: World, group: str) -> list[dict[str, Any]]:
    """What AWS has."""
    here = [{"Name": "group-id", "Values": [group]}]
    return world.client("ec2").describe_security_group_rules(Filters=here)["SecurityGroupRules"]


def everything_out(world: World, group: str) -> None:
    """Somebody opens it."""
    anywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    world.client("ec2").authorize_security_group_egress(GroupId=group, IpPermissions=anywhere)


def test_a_group_starts_without_the_rule_that_aws_adds(world: World, vpc: Made) -> None:
    made = world.roundtrip(GROUP, database_inputs(vpc), name="database")
    assert rules(world, made.id) == []
    assert str(made.outputs["name"]).startswith("database-")
    assert made.outputs["arn"] == f"{ARN}:security-group/{made.id}"
    assert made.outputs["ownerId"] == "111122223333"
    world.gone(made)


def test_a_group_without_a_description_has_pulumis(world: World, vpc: Made) -> None:
    made = world.roundtrip(GROUP, {"vpcId": vpc.id})
    assert made.outputs["description"] == "Managed by Pulumi"
    assert rules(world, made.id) == [], "closed, though the program says nothing about rules"


def test_a_group_takes_new_tags_in_place_and_nothing_else(world: World, vpc: Made) -> None:
    inputs = database_inputs(vpc)
    made = world.create(GROUP, "database", inputs)
    changed = world.update(made, {**inputs, "tags": {"Name": "another"}})
    assert changed.outputs["tags"] == {"Name": "another"}
    for name in ("description", "name", "vpcId"):
        assert world.diff(made, {**inputs, name: "other"}).replaces == {name}


def test_what_somebody_opens_in_a_closed_group_shows_and_is_closed(world: World, vpc: Made) -> None:
    inputs = database_inputs(vpc)
    made = world.create(GROUP, "database", inputs)
    everything_out(world, made.id)
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"egress"}
    world.settled(world.update(seen, inputs), inputs)
    assert rules(world, made.id) == []


def test_a_group_whose_rules_are_resources_does_not_look_at_them(world: World, edge: Made) -> None:
    everything_out(world, edge.id)
    assert world.refresh(edge) == edge


def test_rules_inside_a_group_change_one_by_one(world: World, vpc: Made, cluster: Made) -> None:
    out = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}
    https = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "description": "https"}
    inputs = {
        "vpcId": vpc.id,
        "egress": [out],
        "ingress": [
            {**https, "cidrBlocks": ["10.0.0.0/8", "192.168.0.0/16"], "ipv6CidrBlocks": ["::/0"]},
            {"protocol": "6", "fromPort": 80, "toPort": 80, "securityGroups": [cluster.id], "self": True},
        ],
    }
    made = world.roundtrip(GROUP, inputs)
    before = {one["SecurityGroupRuleId"] for one in rules(world, made.id)}
    assert len(before) == 6
    wanted = {**inputs, "ingress": [{**https, "cidrBlocks": ["10.0.0.0/8", "172.16.0.0/12"]}]}
    changed = world.update(made, wanted)
    world.settled(changed, wanted)
    after = {one["SecurityGroupRuleId"] for one in rules(world, made.id)}
    assert len(after) == 3
    assert len(after & before) == 2, "the rules that stay are not made anew"
    world.gone(changed)


def test_a_group_is_not_deleted_while_another_names_it(world: World, edge: Made, cluster: Made) -> None:
    inputs = {"securityGroupId": edge.id, "ipProtocol": "-1", "referencedSecurityGroupId": cluster.id}
    rule = world.create(EGRESS, "out", inputs)
    with pytest.raises(ResourceError, match=f"security group {cluster.id} to be free"):
        world.delete(cluster, seconds=0.3)
    world.gone(rule)
    world.gone(cluster)


def test_groups_that_name_each_other_are_deleted_if_they_revoke_their_rules(
    world: World, vpc: Made, cluster: Made
) -> None:
    inputs = {"vpcId": vpc.id, "revokeRulesOnDelete": True}
    made = world.roundtrip(GROUP, inputs)
    common = {"ipProtocol": "tcp", "fromPort": 53, "toPort": 53}
    world.create(
        INGRESS, "in", {**common, "securityGroupId": made.id, "referencedSecurityGroupId": cluster.id}
    )
    world.gone(made)
    world.gone(cluster)


def test_a_default_group_is_adopted_emptied_and_only_forgotten(world: World, vpc: Made) -> None:
    ec2 = world.client("ec2")
    assert rules(world, str(vpc.outputs["defaultSecurityGroupId"])), "AWS lets everything out"
    inputs = {"vpcId": vpc.id, "ingress": [], "egress": [], "tags": {"Name": "roost-prod-default-closed"}}
    made = world.roundtrip(DEFAULT, inputs)
    assert made.id == vpc.outputs["defaultSecurityGroupId"]
    assert made.outputs["name"] == "default"
    assert rules(world, made.id) == []
    everything_out(world, made.id)
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"egress"}
    world.settled(world.update(seen, inputs), inputs)
    assert rules(world, made.id) == []
    assert world.diff(made, {**inputs, "vpcId": "vpc-1"}).replaces == {"vpcId"}
    world.delete(made)
    assert ec2.describe_security_groups(GroupIds=[made.id])["SecurityGroups"]
    with pytest.raises(ClientError, match="cannot be deleted by a user"):
        ec2.delete_security_group(GroupId=made.id)
    world.gone(vpc)
    assert world.refresh(made) is None
