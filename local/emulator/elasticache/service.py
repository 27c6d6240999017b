"""ElastiCache as moto dispatches it."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from local.emulator.elasticache.nodes import change, check, endpoints, resize, told
from local.emulator.elasticache.state import MEMBERS, REPLICATION_GROUPS, SNAPSHOTS, look, named, refused
from local.emulator.elasticache.users import Users
from local.emulator.settling import Record

_NO_GROUP = "ReplicationGroupNotFoundFault"
_PORT = 6379


class ElastiCache(Users):
    """moto's service where nothing else is said; of replication groups it has only those without sharding."""

    def create_replication_group(self) -> ActionResult:
        """Being created until somebody looks."""
        wish = self._wish(NumCacheClusters=1, Port=_PORT)
        name = wish["ReplicationGroupId"].lower()
        if name in REPLICATION_GROUPS[self.region]:
            raise refused("ReplicationGroupAlreadyExists", f"Replication group {name} already exists.")
        check(self.current_account, self.region, wish)
        group: dict[str, Any] = {
            "ReplicationGroupId": name,
            "Status": "available",
            "ARN": self._arn("replicationgroup", name),
            "MemberClusters": [],
            "NodeGroups": endpoints(name, self.region, wish["Port"]),
            "UserGroupIds": list(wish.get("UserGroupIds", [])),
            "LogDeliveryConfigurations": [],
            "AtRestEncryptionEnabled": wish.get("AtRestEncryptionEnabled", wish["Engine"] == "valkey"),
            "TransitEncryptionEnabled": False,
            "KmsKeyId": wish.get("KmsKeyId"),
            "AutomaticFailover": "disabled",
            "MultiAZ": "disabled",
            "AuthTokenEnabled": False,
            "ClusterEnabled": False,
            "ClusterMode": "disabled",
            "DataTiering": "disabled",
            "NetworkType": wish.get("NetworkType", "ipv4"),
            "IpDiscovery": wish.get("IpDiscovery", "ipv4"),
            "SnapshotRetentionLimit": 0,
        }
        resize(group, self.region, wish["NumCacheClusters"])
        change(group, self.region, wish)
        record = REPLICATION_GROUPS[self.region][name] = Record(group, key="Status")
        self._tag(group["ARN"], wish)
        return self._under_way(record, "creating")

    def describe_replication_groups(self) -> ActionResult:
        """What waits polls."""
        name = self._get_params().get("ReplicationGroupId")
        return ActionResult({"ReplicationGroups": look(REPLICATION_GROUPS[self.region], name, _NO_GROUP)})

    def describe_cache_clusters(self) -> ActionResult:
        """Nodes of replication groups; the emulation has no others."""
        name = self._get_params().get("CacheClusterId")
        if name and name not in MEMBERS[self.region]:
            raise refused("CacheClusterNotFound", f"CacheCluster {name} not found.")
        nodes = [MEMBERS[self.region][name]] if name else list(MEMBERS[self.region].values())
        return ActionResult({"CacheClusters": [told(node) for node in nodes]})

    def modify_replication_group(self) -> ActionResult:
        """At once; AWS leaves some of it to the maintenance window unless it is told otherwise."""
        record = self._available()
        group = record.answer
        first = MEMBERS[self.region][group["MemberClusters"][0]]
        before = {
            "Engine": first["Engine"],
            "EngineVersion": first["EngineVersion"],
            "NumCacheClusters": len(group["MemberClusters"]),
            "AutomaticFailoverEnabled": group["AutomaticFailover"] == "enabled",
        }
        wish = self._get_params()
        check(self.current_account, self.region, {**before, **wish})
        change(group, self.region, wish)
        return self._under_way(record, "modifying")

    def increase_replica_count(self) -> ActionResult:
        """More replicas."""
        return self._resized(more=True)

    def decrease_replica_count(self) -> ActionResult:
        """Fewer; but one stays where a failover needs it."""
        return self._resized(more=False)

    def delete_replication_group(self) -> ActionResult:
        """With a last snapshot if one is named; seen once more before it is gone."""
        wish = self._get_params()
        record = self._available()
        group = record.answer
        if final := wish.get("FinalSnapshotIdentifier"):
            if final in SNAPSHOTS[self.region]:
                raise refused("SnapshotAlreadyExistsFault", f"Snapshot {final} already exists.")
            SNAPSHOTS[self.region][final] = group["ReplicationGroupId"]
        self.elasticache_backend.tagging_service.delete_all_tags_for_resource(group["ARN"])

        def gone() -> None:
            resize(group, self.region, 0)
            REPLICATION_GROUPS[self.region].pop(group["ReplicationGroupId"], None)

        record.begin("deleting", gone)
        return ActionResult({"ReplicationGroup": group})

    def describe_snapshots(self) -> ActionResult:
        """The last ones of replication groups that are gone."""
        found = [
            {"SnapshotName": name, "ReplicationGroupId": group, "SnapshotStatus": "available"}
            for name, group in SNAPSHOTS[self.region].items()
        ]
        return ActionResult({"Snapshots": found})

    def list_tags_for_resource(self) -> ActionResult:
        """Of groups of users and of parameters as well, whose ARNs moto refuses."""
        arn = self._get_params()["ResourceName"]
        tags = self.elasticache_backend.tagging_service.list_tags_for_resource(arn)["Tags"]
        return ActionResult({"TagList": tags})

    def _resized(self, *, more: bool) -> ActionResult:
        wish = self._get_params()
        record = self._available()
        group, nodes = record.answer, 1 + int(wish["NewReplicaCount"])
        now = len(group["MemberClusters"])
        if (nodes > now) is not more or nodes == now:
            raise refused("InvalidParameterValue", f"The group has {now} nodes already.")
        if nodes < 2 and group["AutomaticFailover"] == "enabled":
            raise refused("InvalidParameterCombination", "Automatic failover needs at least one replica.")
        resize(group, self.region, nodes)
        return self._under_way(record, "modifying")

    def _available(self) -> Record:
        name = self._get_params()["ReplicationGroupId"]
        record = named(REPLICATION_GROUPS[self.region], name, _NO_GROUP)
        if not record.settled:
            raise refused(
                "InvalidReplicationGroupState", f"Replication group {name} is {record.answer['Status']}."
            )
        return record

    def _under_way(self, record: Record, status: str) -> ActionResult:
        record.begin(status, lambda: record.answer.update(Status="available"))
        return ActionResult({"ReplicationGroup": record.answer})

    def _wish(self, **defaults: Any) -> dict[str, Any]:
        return {**defaults, "Engine": "redis", **self._get_params()}
