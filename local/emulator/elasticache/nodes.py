"""A replication group without sharding, and the nodes that it is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from local.emulator.elasticache.state import MEMBERS, PARAMETER_GROUPS, USER_GROUPS, named, refused

ROOT_DOMAIN = "cache.amazonaws.com"
NEWEST = {
    "valkey": {"7.2": "7.2.11", "8.0": "8.0.6", "8.1": "8.1.4"},
    "redis": {"7.0": "7.0.7", "7.1": "7.1.0"},
}
"""Patch versions, which AWS chooses, as of 2026-11; of others it is `.0` here."""

# Names of a request's parameters and of what a node tells, where they are the same thing.
_OF_A_NODE = {
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "CacheNodeType": "CacheNodeType",
    "CacheParameterGroupName": "CacheParameterGroupName",
    "CacheSubnetGroupName": "CacheSubnetGroupName",
    "Engine": "Engine",
    "EngineVersion": "EngineVersion",
    "PreferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "SecurityGroupIds": "SecurityGroupIds",
    "SnapshotWindow": "SnapshotWindow",
}
_OF_THE_GROUP = (
    "AutoMinorVersionUpgrade",
    "CacheNodeType",
    "Engine",
    "SnapshotRetentionLimit",
    "SnapshotWindow",
    "TransitEncryptionEnabled",
    "TransitEncryptionMode",
)


def check(account: str, region: str, wish: Mapping[str, Any]) -> None:
    """What a request names has to be there and fit.

    Raises:
        Refusal: as ElastiCache says it.
    """
    _failover_fits(wish)
    _users_fit(region, wish)
    _parameters_fit(region, wish)
    _references_exist(account, region, wish)


def version_of(engine: str, asked: str) -> str:
    """`8.1` asks for the newest patch of 8.1."""
    return NEWEST[engine].get(asked, asked if re.fullmatch(r"\d+\.\d+\.\d+", asked) else f"{asked}.0")


def change(group: dict[str, Any], region: str, wish: Mapping[str, Any]) -> None:
    """Lay what a request asks for on the group and on all of its nodes."""
    group.update({key: wish[key] for key in _OF_THE_GROUP if wish.get(key) is not None})
    if wish.get("ReplicationGroupDescription") is not None:
        group["Description"] = wish["ReplicationGroupDescription"]
    for asked, told in (("AutomaticFailoverEnabled", "AutomaticFailover"), ("MultiAZEnabled", "MultiAZ")):
        if wish.get(asked) is not None:
            group[told] = "enabled" if wish[asked] else "disabled"
    removed = group["UserGroupIds"] if wish.get("RemoveUserGroups") else wish.get("UserGroupIdsToRemove", [])
    kept = [one for one in group["UserGroupIds"] if one not in removed]
    group["UserGroupIds"] = kept + wish.get("UserGroupIdsToAdd", [])
    _logs(group, wish.get("LogDeliveryConfigurations", []))
    for name in group["MemberClusters"]:
        _change_node(MEMBERS[region][name], wish)


def resize(group: dict[str, Any], region: str, nodes: int) -> None:
    """As many nodes as asked for; new ones are like the first."""
    name = group["ReplicationGroupId"]
    for gone in group["MemberClusters"][nodes:]:
        del MEMBERS[region][gone]
    wanted = [f"{name}-{number:03}" for number in range(1, 1 + nodes)]
    for one in wanted:
        if one not in MEMBERS[region]:
            first = MEMBERS[region].get(wanted[0], {})
            MEMBERS[region][one] = {**first, "CacheClusterId": one, "ReplicationGroupId": name}
    group["MemberClusters"] = wanted
    members = [
        {"CacheClusterId": one, "CacheNodeId": "0001", "CurrentRole": "replica" if at else "primary"}
        for at, one in enumerate(wanted)
    ]
    group["NodeGroups"][0]["NodeGroupMembers"] = members


def told(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node as DescribeCacheClusters tells it."""
    groups = [{"SecurityGroupId": one, "Status": "active"} for one in node.get("SecurityGroupIds") or []]
    parameters = {
        "CacheParameterGroupName": node.get("CacheParameterGroupName"),
        "ParameterApplyStatus": "in-sync",
    }
    rest = {
        key: value
        for key, value in node.items()
        if key not in ("SecurityGroupIds", "CacheParameterGroupName")
    }
    return {
        **rest,
        "SecurityGroups": groups,
        "CacheParameterGroup": parameters,
        "CacheClusterStatus": "available",
    }


def endpoints(name: str, region: str, port: int) -> list[dict[str, Any]]:
    """The one node group, with its names: one follows the primary, one is any replica."""
    continent, direction, number = region.split("-")
    short = f"{continent}{direction[0]}{number}"
    return [
        {
            "NodeGroupId": "0001",
            "Status": "available",
            "PrimaryEndpoint": {"Address": f"master.{name}.roost1.{short}.{ROOT_DOMAIN}", "Port": port},
            "ReaderEndpoint": {"Address": f"replica.{name}.roost1.{short}.{ROOT_DOMAIN}", "Port": port},
        }
    ]


def _change_node(node: dict[str, Any], wish: Mapping[str, Any]) -> None:
    node.update({ours: wish[theirs] for theirs, ours in _OF_A_NODE.items() if wish.get(theirs) is not None})
    if wish.get("EngineVersion") is not None:
        node["EngineVersion"] = version_of(node["Engine"], wish["EngineVersion"])


def _logs(group: dict[str, Any], wish: list[dict[str, Any]]) -> None:
    by_type = {one["LogType"]: one for one in group["LogDeliveryConfigurations"]}
    for one in wish:
        by_type.pop(one["LogType"], None)
        if one.get("Enabled", True):
            by_type[one["LogType"]] = {**{k: v for k, v in one.items() if k != "Enabled"}, "Status": "active"}
    group["LogDeliveryConfigurations"] = list(by_type.values())


def _failover_fits(wish: Mapping[str, Any]) -> None:
    failover, nodes = wish.get("AutomaticFailoverEnabled"), wish.get("NumCacheClusters", 1)
    if failover and nodes < 2:
        raise refused(
            "InvalidParameterCombination",
            "Automatic failover is not supported for replication groups with fewer than two nodes.",
        )
    if wish.get("MultiAZEnabled") and not failover:
        raise refused("InvalidParameterCombination", "Multi-AZ needs automatic failover to be enabled.")


def _users_fit(region: str, wish: Mapping[str, Any]) -> None:
    if wish.get("UserGroupIds") and not wish.get("TransitEncryptionEnabled"):
        raise refused(
            "InvalidParameterCombination", "User group based access control requires encryption-in-transit."
        )
    for name in wish.get("UserGroupIds", []):
        group = named(USER_GROUPS[region], name, "UserGroupNotFound").answer
        if group["Engine"] == "valkey" and wish["Engine"] == "redis":
            raise refused("InvalidParameterCombination", f"User group {name} is of engine valkey.")


def _references_exist(account: str, region: str, wish: Mapping[str, Any]) -> None:
    if wish.get("KmsKeyId") and not _is_key(account, region, wish["KmsKeyId"]):
        raise refused("InvalidKMSKeyFault", f"The specified KMS key {wish['KmsKeyId']} does not exist.")
    for one in wish.get("SecurityGroupIds", []):
        if ec2_backends[account][region].get_security_group_from_id(one) is None:
            raise refused("InvalidParameterValue", f"Security group {one} does not exist.")
    for log in wish.get("LogDeliveryConfigurations", []):
        details = log.get("DestinationDetails", {}).get("CloudWatchLogsDetails", {})
        if log.get("Enabled", True) and details.get("LogGroup") not in logs_backends[account][region].groups:
            raise refused("InvalidParameterValue", f"Log group {details.get('LogGroup')} does not exist.")


def _parameters_fit(region: str, wish: Mapping[str, Any]) -> None:
    name = wish.get("CacheParameterGroupName")
    if not name or name.startswith("default."):
        return
    family = named(PARAMETER_GROUPS[region], name, "CacheParameterGroupNotFound").answer[
        "CacheParameterGroupFamily"
    ]
    wanted = f"{wish['Engine']}{wish['EngineVersion'].partition('.')[0]}"
    if family != wanted:
        raise refused(
            "InvalidParameterCombination",
            f"Expected a parameter group of family {wanted} but found one of family {family}",
        )


def _is_key(account: str, region: str, key: str) -> bool:
    return key.rpartition("/")[2] in kms_backends[account][region].keys
