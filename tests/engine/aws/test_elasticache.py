from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.workloads.cache import MAY_DO
from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from local.plugins.base.values import Secret
from tests.engine.aws.harness import REGION, Made, World

NODES = "aws:elasticache/replicationGroup:ReplicationGroup"
PARAMETERS = "aws:elasticache/parameterGroup:ParameterGroup"
SUBNETS = "aws:elasticache/subnetGroup:SubnetGroup"
USER = "aws:elasticache/user:User"
USERS = "aws:elasticache/userGroup:UserGroup"
EVICTION = [{"name": "maxmemory-policy", "value": "volatile-lru"}]
PASSWORDS = ["of-more-than-16-letters"]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ground:
    """What a cache stands on."""

    world: World
    name: str
    subnets: list[str]
    security_group: str
    key: str

    def user(self, role: str, **more: Any) -> dict[str, Any]:
        login = {"userId": f"{self.name}-{role}", "userName": role, "accessString": MAY_DO}
        return {**login, "engine": "valkey", "passwords": PASSWORDS, **more}

    def cache(self, **more: Any) -> dict[str, Any]:
        """As the prod stack asks for it, on groups that are made for it."""
        made = [self.world.create(USER, role, self.user(role)) for role in ("default", "server")]
        group = {"userGroupId": self.name, "engine": "valkey", "userIds": [one.id for one in made]}
        logs = self.world.client("logs")
        for log in ("engine-log", "slow-log"):
            logs.create_log_group(logGroupName=f"/aws/elasticache/{self.name}/{log}")
        parameters = {"family": "valkey8", "parameters": EVICTION}
        return {
            "replicationGroupId": self.name,
            "description": "for a test",
            "engine": "valkey",
            "engineVersion": "8.1",
            "autoMinorVersionUpgrade": False,
            "applyImmediately": False,
            "nodeType": "cache.t4g.small",
            "numCacheClusters": 2,
            "automaticFailoverEnabled": True,
            "multiAzEnabled": True,
            "port": 6379,
            "parameterGroupName": self.world.create(PARAMETERS, self.name, parameters).id,
            "subnetGroupName": self.world.create(SUBNETS, self.name, {"subnetIds": self.subnets}).id,
            "securityGroupIds": [self.security_group],
            "atRestEncryptionEnabled": True,
            "kmsKeyId": self.key,
            "transitEncryptionEnabled": True,
            "transitEncryptionMode": "required",
            "userGroupIds": [self.world.create(USERS, self.name, group).id],
            "maintenanceWindow": "sun:05:00-sun:06:00",
            "snapshotWindow": "00:30-01:30",
            "snapshotRetentionLimit": 7,
            "finalSnapshotIdentifier": f"{self.name}-final",
            "logDeliveryConfigurations": [self.log("engine-log"), self.log("slow-log")],
            "tags": {"role": "cache"},
            **more,
        }

    def log(self, kind: str) -> dict[str, str]:
        return {
            "logType": kind,
            "destination": f"/aws/elasticache/{self.name}/{kind}",
            "destinationType": "cloudwatch-logs",
            "logFormat": "json",
        }


@pytest.fixture
def ground(world: World) -> Ground:
    name = f"cache-it{next(_numbers)}"
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{at}.0/24", AvailabilityZone=REGION + zone)
        for at, zone in enumerate("abc")
    ]
    group = ec2.create_security_group(GroupName=name, Description="for a test", VpcId=vpc)["GroupId"]
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    return Ground(world, name, [one["Subnet"]["SubnetId"] for one in subnets], group, key)


def refusal(world: World, token: str, inputs: dict[str, Any]) -> str:
    with pytest.raises((ClientError, ResourceError)) as caught:
        world.create(token, "refused", inputs)
    return str(caught.value)


def test_a_cache_is_made_as_asked_and_says_where_it_is(world: World, ground: Ground) -> None:
    made = world.roundtrip(NODES, ground.cache())
    assert made.outputs["arn"] == f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:{ground.name}"
    assert made.outputs["primaryEndpointAddress"].startswith(f"master.{ground.name}.")
    assert made.outputs["readerEndpointAddress"].startswith(f"replica.{ground.name}.")
    assert made.outputs["memberClusters"] == [f"{ground.name}-001", f"{ground.name}-002"]
    assert (made.outputs["engineVersion"], made.outputs["engineVersionActual"]) == ("8.1", "8.1.4")
    world.gone(made)
    snapshots = world.client("elasticache").describe_snapshots()["Snapshots"]
    assert [one["ReplicationGroupId"] for one in snapshots if one["SnapshotName"] == f"{ground.name}-final"]


def test_nodes_change_in_place(world: World, ground: Ground) -> None:
    inputs = ground.cache()
    made = world.roundtrip(NODES, inputs)
    changed = {
        **inputs,
        "nodeType": "cache.m7g.large",
        "numCacheClusters": 3,
        "snapshotRetentionLimit": 1,
        "maintenanceWindow": "sat:05:00-sat:06:00",
        "logDeliveryConfigurations": [ground.log("slow-log")],
        "tags": {"role": "other"},
    }
    after = world.update(made, changed)
    world.settled(after, changed)
    assert len(after.outputs["memberClusters"]) == 3
    alone = {**changed, "numCacheClusters": 1, "automaticFailoverEnabled": False, "multiAzEnabled": False}
    world.settled(world.update(after, alone), alone)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kmsKeyId", "other"),
        ("subnetGroupName", "other"),
        ("replicationGroupId", "other"),
        ("atRestEncryptionEnabled", False),
        ("port", 6380),
    ],
)
def test_what_only_a_new_cache_can_have(world: World, ground: Ground, name: str, value: object) -> None:
    inputs = ground.cache()
    made = world.create(NODES, "cache", inputs)
    assert world.diff(made, {**inputs, name: value}).replaces == {name}


def test_a_refresh_sees_what_was_changed_by_hand(world: World, ground: Ground) -> None:
    inputs = ground.cache()
    made = world.create(NODES, "cache", inputs)
    world.client("elasticache").modify_replication_group(
        ReplicationGroupId=made.id, SnapshotRetentionLimit=0, UserGroupIdsToRemove=[ground.name]
    )
    world.client("elasticache").describe_replication_groups(ReplicationGroupId=made.id)
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"snapshotRetentionLimit", "userGroupIds"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"numCacheClusters": 1}, "fewer than two nodes"),
        ({"automaticFailoverEnabled": False}, "Multi-AZ needs automatic failover"),
        ({"transitEncryptionEnabled": False}, "requires encryption-in-transit"),
        ({"userGroupIds": ["nobody"]}, "nobody not found"),
        ({"engineVersion": "7.2"}, "Expected a parameter group of family valkey7"),
        ({"kmsKeyId": "arn:aws:kms:eu-central-1:1:key/none"}, "does not exist"),
        ({"securityGroupIds": ["sg-none"]}, "sg-none does not exist"),
        ({"authToken": "x" * 20}, "has no authToken of replication groups"),
    ],
)
def test_what_aws_would_refuse_is_refused(
    world: World, ground: Ground, changes: dict[str, Any], says: str
) -> None:
    assert says in refusal(world, NODES, ground.cache(**changes))


def test_a_log_group_has_to_be_there_first(world: World, ground: Ground) -> None:
    inputs = ground.cache()
    world.client("logs").delete_log_group(logGroupName=f"/aws/elasticache/{ground.name}/slow-log")
    assert "slow-log does not exist" in refusal(world, NODES, inputs)


def test_a_users_password_is_never_shown_and_never_compared(world: World, ground: Ground) -> None:
    inputs = ground.user("server")
    made = world.roundtrip(USER, inputs)
    assert made.outputs["authenticationMode"] == {"passwordCount": 1, "type": "password"}
    assert made.outputs["passwords"] == Secret([*PASSWORDS])
    changed = {**inputs, "passwords": ["another-of-16-letters"], "accessString": "on ~app::* +@read"}
    world.settled(world.update(made, changed), changed)
    assert world.diff(made, {**inputs, "userName": "other"}).replaces == {"userName"}
    world.gone(made)
    assert "16-128" in refusal(world, USER, {**inputs, "passwords": ["short"]})
    assert "has no authenticationMode" in refusal(
        world, USER, {**inputs, "passwords": None, "authenticationMode": {"type": "iam"}}
    )


def group_of(ground: Ground, *users: Made, engine: str = "valkey") -> dict[str, Any]:
    return {"userGroupId": ground.name, "engine": engine, "userIds": [one.id for one in users]}


def test_a_group_of_users_takes_others_in_place(world: World, ground: Ground) -> None:
    default, server, other = (
        world.create(USER, one, ground.user(one)) for one in ("default", "server", "other")
    )
    inputs = group_of(ground, default, server)
    made = world.roundtrip(USERS, inputs)
    changed = {**group_of(ground, other, default), "tags": {"role": "cache"}}
    world.settled(world.update(made, changed), changed)
    world.gone(made)


def test_a_group_wants_a_default_and_no_namesakes(world: World, ground: Ground) -> None:
    server = world.create(USER, "server", ground.user("server"))
    twin = world.create(USER, "twin", ground.user("twin", userName="server"))
    open_door = ground.user("open", passwords=None, noPasswordRequired=True)
    everybody = world.create(USER, "open", open_door)
    assert "must add default user" in refusal(world, USERS, group_of(ground, server, engine="redis"))
    assert "same name" in refusal(world, USERS, group_of(ground, server, twin))
    assert "authenticate only" in refusal(world, USERS, group_of(ground, everybody))
    assert "gone not found" in refusal(world, USERS, {**group_of(ground), "userIds": ["gone"]})


def test_groups_wait_for_the_nodes_that_use_them(world: World, ground: Ground) -> None:
    inputs = ground.cache()
    world.create(NODES, "cache", inputs)
    for token, identity in ((PARAMETERS, inputs["parameterGroupName"]), (SUBNETS, inputs["subnetGroupName"])):
        held = world.import_(token, identity)
        assert held is not None
        with pytest.raises(ResourceError, match="to be used by nothing"):
            world.delete(held, seconds=1)


def test_parameters_that_the_program_drops_go_back_to_the_engines_own(world: World, ground: Ground) -> None:
    inputs = {"family": "valkey8", "parameters": [*EVICTION, {"name": "timeout", "value": "300"}]}
    made = world.roundtrip(PARAMETERS, inputs)
    changed = {"family": "valkey8", "parameters": EVICTION}
    world.settled(world.update(made, changed), changed)
    assert world.diff(made, {**inputs, "family": "valkey9"}).replaces == {"family"}
    world.gone(made)


def test_subnets_change_in_place(world: World, ground: Ground) -> None:
    made = world.roundtrip(SUBNETS, {"subnetIds": ground.subnets[:2]})
    changed = {"subnetIds": ground.subnets, "description": "for a test", "tags": {"role": "cache"}}
    world.settled(world.update(made, changed), changed)
    world.gone(made)
