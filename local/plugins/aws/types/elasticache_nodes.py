"""ElastiCache: replication groups without sharding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    found,
    put,
    tag_list,
)
from local.plugins.aws.types.elasticache_nodes_shape import (
    CHANGED,
    REQUESTED,
    log_changes,
    log_requests,
    observed,
)
from local.plugins.aws.types.elasticache_shared import arn, client, retag, tags_of

_NO_GROUP = "ReplicationGroupNotFoundFault"
_UNMAPPED = (
    "authToken",
    "authTokenWo",
    "clusterMode",
    "dataTieringEnabled",
    "durability",
    "globalReplicationGroupId",
    "nodeGroupConfigurations",
    "notificationTopicArn",
    "numNodeGroups",
    "preferredCacheClusterAzs",
    "replicasPerNodeGroup",
    "securityGroupNames",
    "snapshotArns",
    "snapshotName",
)


class ReplicationGroup(Resource):
    """The id is the group's id. Its nodes, clusters of their own to AWS, hold half of what it is."""

    token: ClassVar[str] = "aws:elasticache/replicationGroup:ReplicationGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {
            "atRestEncryptionEnabled",
            "engine",  # the provider replaces only on the way from valkey to redis
            "kmsKeyId",
            "networkType",
            "port",
            "replicationGroupId",
            "subnetGroupName",
        }
    )
    autoname: ClassVar[Autoname | None] = Autoname(property="replicationGroupId", limit=40, lower=True)
    defaults: ClassVar[Mapping[str, Any]] = {
        "automaticFailoverEnabled": False,
        "autoMinorVersionUpgrade": True,
        "engine": "redis",
        "ipDiscovery": "ipv4",
        "multiAzEnabled": False,
        "networkType": "ipv4",
        "numCacheClusters": 1,
        "port": 6379,
        "snapshotRetentionLimit": 0,
    }
    unordered: ClassVar[frozenset[str]] = frozenset(
        {"logDeliveryConfigurations", "securityGroupIds", "userGroupIds"}
    )
    # Instructions for calls; AWS gives neither back.
    unreadable: ClassVar[frozenset[str]] = frozenset({"applyImmediately", "finalSnapshotIdentifier"})
    renewed: ClassVar[frozenset[str]] = frozenset({"engineVersionActual", "memberClusters"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        given = [name for name in _UNMAPPED if inputs.get(name)]
        if given:
            raise ResourceError(f"the fallback aws plugin has no {', '.join(given)} of replication groups")
        logs = log_requests(inputs.get("logDeliveryConfigurations") or [])
        made = client(aws).create_replication_group(
            **put(inputs, REQUESTED),
            **({"LogDeliveryConfigurations": logs} if logs else {}),
            Tags=tag_list(inputs.get("tags")),
        )
        identity: str = made["ReplicationGroup"]["ReplicationGroupId"]
        with finishing(identity):
            _wait_available(aws, identity)
        return identity

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        group = _group(aws, id)
        if group is None or group["Status"] == "deleting":
            return None
        nodes = client(aws).describe_cache_clusters(CacheClusterId=group["MemberClusters"][0])
        return {**observed(group, nodes["CacheClusters"][0]), "tags": tags_of(aws, group["ARN"])}

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        """More nodes first, since a failover needs them, and fewer last."""
        nodes, wanted = old["numCacheClusters"], new["numCacheClusters"]
        if wanted > nodes:
            self._resize(aws, id, "increase_replica_count", wanted)
        request = put(new, {ours: theirs for ours, theirs in CHANGED.items() if ours in changed})
        if "userGroupIds" in changed:
            before, after = (set(side.get("userGroupIds") or ()) for side in (old, new))
            request |= {"UserGroupIdsToAdd": sorted(after - before)} if after - before else {}
            request |= {"UserGroupIdsToRemove": sorted(before - after)} if before - after else {}
        if "logDeliveryConfigurations" in changed:
            request["LogDeliveryConfigurations"] = log_changes(
                *(side.get("logDeliveryConfigurations") or [] for side in (old, new))
            )
        if request:
            client(aws).modify_replication_group(
                ReplicationGroupId=id, ApplyImmediately=bool(new.get("applyImmediately")), **request
            )
            _wait_available(aws, id)
        if wanted < nodes:
            self._resize(aws, id, "decrease_replica_count", wanted)
        if "tags" in changed:
            retag(aws, arn(aws, "replicationgroup", id), old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        final = state.get("finalSnapshotIdentifier")
        with absent_is_fine(_NO_GROUP):
            client(aws).delete_replication_group(
                ReplicationGroupId=id, **({"FinalSnapshotIdentifier": final} if final else {})
            )
            aws.wait(f"replication group {id} to be gone", lambda: _group(aws, id) is None)

    def _resize(self, aws: Aws, identity: str, call: str, nodes: int) -> None:
        getattr(client(aws), call)(
            ReplicationGroupId=identity, NewReplicaCount=nodes - 1, ApplyImmediately=True
        )
        _wait_available(aws, identity)


def _group(aws: Aws, identity: str) -> Properties | None:
    return found(_NO_GROUP, lambda: client(aws).describe_replication_groups(ReplicationGroupId=identity))


def _wait_available(aws: Aws, identity: str) -> None:
    def available() -> bool:
        group = _group(aws, identity)
        if group is None or group["Status"] == "create-failed":
            raise ResourceError(f"replication group {identity} could not be made")
        return group["Status"] == "available"

    aws.wait(f"replication group {identity} to be available", available)


RESOURCES: tuple[Resource, ...] = (ReplicationGroup(),)
