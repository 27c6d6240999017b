"""The cache on ElastiCache: who may reach it, how, and which pods are told."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from infra.workloads.cache import LOGIN
from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording, Registration, leaves
from tests.support.workloads import pod_may_reach, workload

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
USER = "aws:elasticache/user:User"
SECRET = "kubernetes:core/v1:Secret"
ON = {"cache": {"enabled": True}, "server": {"usesCache": True}}


@pytest.fixture(scope="module")
def used(variant: Variant) -> Recording:
    return variant("prod", ON)


@pytest.fixture(scope="module")
def small(variant: Variant) -> Recording:
    """As in dev, by its own defaults."""
    return variant("dev", ON)


def variables(recording: Recording) -> dict[str, str]:
    env: list[dict[str, Any]] = workload(recording, "server").container["env"]
    return {one["name"]: one["value"] for one in env}


def test_prod_has_a_cache_with_a_standby_in_another_zone(used: Recording) -> None:
    nodes = used.one(GROUP).inputs
    assert nodes["numCacheClusters"] == 2
    assert nodes["automaticFailoverEnabled"] is True
    assert nodes["multiAzEnabled"] is True
    assert (nodes["engine"], nodes["engineVersion"]) == ("valkey", "8.1")
    assert nodes["autoMinorVersionUpgrade"] is False, "the next up would take the minor version back"


def test_dev_has_one_small_node_that_leaves_nothing(small: Recording) -> None:
    nodes = small.one(GROUP).inputs
    assert (nodes["numCacheClusters"], nodes["nodeType"]) == (1, "cache.t4g.micro")
    assert nodes["automaticFailoverEnabled"] is False
    assert nodes["snapshotRetentionLimit"] == 0
    assert "finalSnapshotIdentifier" not in nodes


def test_nobody_reads_along_neither_on_the_wire_nor_on_disk(used: Recording) -> None:
    nodes = used.one(GROUP).inputs
    assert nodes["transitEncryptionEnabled"] is True
    assert nodes["transitEncryptionMode"] == "required"
    assert nodes["atRestEncryptionEnabled"] is True
    data = used.one("aws:kms/key:Key", "keys-data")
    assert nodes["kmsKeyId"] == used.one("aws:rds/instance:Instance").inputs["kmsKeyId"]
    assert "elasticache.eu-central-1.amazonaws.com" in data.inputs["policy"]


def test_the_server_signs_in_and_a_client_without_a_name_is_nobody(used: Recording) -> None:
    users = {user.inputs["userName"]: user for user in used.of_type(USER)}
    assert set(users) == {LOGIN, "default"}
    assert users["default"].inputs["accessString"] == "off -@all"
    assert " -@dangerous " in users[LOGIN].inputs["accessString"]
    group = used.one("aws:elasticache/userGroup:UserGroup")
    assert set(group.inputs["userIds"]) == {user.inputs["userId"] for user in users.values()}
    assert used.one(GROUP).inputs["userGroupIds"] == [group.inputs["userGroupId"]]
    for user in users.values():
        assert "passwords" in user.secrets
        assert "noPasswordRequired" not in user.inputs
        (password,) = user.inputs["passwords"]
        assert 16 <= len(password) <= 128, "what ElastiCache takes"


def test_the_password_is_in_the_users_and_in_the_servers_secret_and_nowhere_else(used: Recording) -> None:
    secret = used.one(SECRET, "server")
    password = secret.inputs["stringData"]["cache-password"]
    user = used.one(USER, "cache-logins-server")
    assert user.inputs["passwords"] == [password]
    for resource in used.registrations:
        if resource not in (secret, user):
            assert not any(password in str(value) for _, value in leaves(resource.inputs)), resource.urn


def test_only_the_cluster_may_enter_and_the_cache_connects_to_nobody(used: Recording) -> None:
    group = used.one("aws:ec2/securityGroup:SecurityGroup", "cache")
    assert group.inputs["egress"] == []
    doors = [
        rule
        for rule in used.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if group.urn in rule.dependencies
    ]
    assert [(rule.name, rule.inputs["fromPort"], rule.inputs["toPort"]) for rule in doors] == [
        ("cache-from-cluster", 6379, 6379)
    ]
    assert "referencedSecurityGroupId" in doors[0].inputs
    assert group.urn in used.one(GROUP).dependencies


def ports_open_to_clients(recording: Recording) -> set[int]:
    """Of the database subnets' network ACL, to the private subnets."""
    private = {
        one.inputs["cidrBlock"]
        for one in recording.of_type("aws:ec2/subnet:Subnet")
        if one.inputs["tags"]["tier"] == "private"
    }
    acl = recording.one("aws:ec2/networkAcl:NetworkAcl")
    return {rule["fromPort"] for rule in acl.inputs["ingress"] if rule["cidrBlock"] in private}


def test_the_database_subnets_admit_its_port_only_with_a_cache(used: Recording, dev: Recording) -> None:
    assert ports_open_to_clients(used) == {5432, 6379}
    assert ports_open_to_clients(dev) == {5432}


def test_logs_exist_encrypted_before_the_nodes_write_to_them(used: Recording) -> None:
    nodes = used.one(GROUP)
    logs = [g for g in used.of_type("aws:cloudwatch/logGroup:LogGroup") if g.name.startswith("cache-")]
    name = nodes.inputs["replicationGroupId"]
    assert {g.inputs["name"] for g in logs} == {
        f"/aws/elasticache/{name}/engine-log",
        f"/aws/elasticache/{name}/slow-log",
    }
    assert all(g.inputs["kmsKeyId"] and g.inputs["retentionInDays"] == 365 for g in logs)
    assert all(used.waits_for(nodes, g) for g in logs)
    assert {one["logType"] for one in nodes.inputs["logDeliveryConfigurations"]} == {"engine-log", "slow-log"}


def test_it_leaves_a_snapshot_under_a_name_that_no_successor_has(used: Recording) -> None:
    nodes = used.one(GROUP)
    assert nodes.inputs["finalSnapshotIdentifier"] == f"{nodes.inputs['replicationGroupId']}-final"
    assert nodes.inputs["snapshotRetentionLimit"] == 7
    assert not nodes.protect, "what is in it may vanish at any time"
    assert nodes.timeouts["create"] == "60m"


def test_a_new_parameter_group_exists_before_the_nodes_leave_the_old_one(used: Recording) -> None:
    group = used.one("aws:elasticache/parameterGroup:ParameterGroup")
    assert "name" not in group.inputs
    assert group.inputs["family"] == "valkey8"
    assert group.inputs["parameters"] == [{"name": "maxmemory-policy", "value": "volatile-lru"}]


def test_pods_are_told_by_name_and_file(used: Recording) -> None:
    found = {name: value for name, value in variables(used).items() if "REDIS" in name}
    name = used.one(GROUP).inputs["replicationGroupId"]
    assert found == {
        "LETTA_REDIS_HOST": f"master.{name}.abc123.euc1.cache.amazonaws.com",
        "LETTA_REDIS_PORT": "6379",
        "LETTA_REDIS_USERNAME": LOGIN,
        "LETTA_REDIS_PASSWORD_FILE": "/run/secrets/roost/cache-password",
        "LETTA_REDIS_TLS": "true",
    }
    assert used.waits_for(deployment(used), used.one(GROUP))


def deployment(recording: Recording) -> Registration:
    return recording.one("kubernetes:apps/v1:Deployment", "server")


def server_may_reach_it(recording: Recording) -> bool:
    tier = [
        one.inputs["cidrBlock"]
        for one in recording.of_type("aws:ec2/subnet:Subnet")
        if one.inputs["tags"]["tier"] == "database"
    ]
    server = workload(recording, "server")
    return all(pod_may_reach(recording, server, str(ip_network(cidr)[9]), 6379) for cidr in tier)


def test_the_servers_pods_may_reach_it_and_nobody_else(used: Recording) -> None:
    assert server_may_reach_it(used)
    policies = [
        policy.inputs["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for policy in used.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
        if any(
            port["port"] == 6379
            for rule in policy.inputs["spec"].get("egress", [])
            for port in rule.get("ports", [])
        )
    ]
    assert policies == ["server"]


def test_an_image_that_uses_none_is_told_of_none(variant: Variant) -> None:
    """Roost's own refuses names that it does not know."""
    unused = variant("prod", {"cache": {"enabled": True}, "server": {"usesCache": False}})
    assert unused.of_type(GROUP)
    assert not any("REDIS" in name for name in variables(unused))
    assert "cache-password" not in unused.one(SECRET, "server").inputs["stringData"]
    assert not server_may_reach_it(unused)


def test_without_the_setting_there_is_none(variant: Variant) -> None:
    without = variant("prod", {"cache": {"enabled": False}})
    assert not [r for r in without.registrations if "elasticache" in r.type]
    assert "cache" not in without.exports()


def test_the_first_preview_knows_all_of_it(used: Recording, variant: Variant) -> None:
    preview = variant("prod", ON, preview=True)
    assert {r.urn for r in preview.registrations} == {r.urn for r in used.registrations}
    assert preview.warnings == []


def test_another_engine_is_another_cache_under_another_name(variant: Variant) -> None:
    redis = variant("prod", {**ON, "aws": {"cache": {"engine": "redis"}}})
    nodes = redis.one(GROUP).inputs
    assert (nodes["engine"], nodes["engineVersion"]) == ("redis", "7.1")
    assert redis.one("aws:elasticache/parameterGroup:ParameterGroup").inputs["family"] == "redis7"
    assert all(user.inputs["engine"] == "redis" for user in redis.of_type(USER))
    keepers = redis.one("random:index/randomString:RandomString", "cache-identifier").inputs["keepers"]
    assert keepers == {"engine": "redis"}


def test_the_stack_says_where_it_is(used: Recording) -> None:
    name = used.one(GROUP).inputs["replicationGroupId"]
    assert used.exports()["cache"] == {
        "host": f"master.{name}.abc123.euc1.cache.amazonaws.com",
        "readerHost": f"replica.{name}.abc123.euc1.cache.amazonaws.com",
        "port": 6379,
        "arn": f"arn:aws:elasticache:eu-central-1:111122223333:replicationgroup:{name}",
    }
