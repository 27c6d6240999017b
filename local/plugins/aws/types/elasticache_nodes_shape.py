"""A replication group in Pulumi's words and in AWS's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.plugins.aws.resource import Properties, pick

CHANGED = {
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "automaticFailoverEnabled": "AutomaticFailoverEnabled",
    "description": "ReplicationGroupDescription",
    "engineVersion": "EngineVersion",
    "ipDiscovery": "IpDiscovery",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "multiAzEnabled": "MultiAZEnabled",
    "nodeType": "CacheNodeType",
    "parameterGroupName": "CacheParameterGroupName",
    "securityGroupIds": "SecurityGroupIds",
    "snapshotRetentionLimit": "SnapshotRetentionLimit",
    "snapshotWindow": "SnapshotWindow",
    "transitEncryptionEnabled": "TransitEncryptionEnabled",
    "transitEncryptionMode": "TransitEncryptionMode",
}
"""What ModifyReplicationGroup takes as it is."""

REQUESTED = {
    **CHANGED,
    "atRestEncryptionEnabled": "AtRestEncryptionEnabled",
    "engine": "Engine",
    "kmsKeyId": "KmsKeyId",
    "networkType": "NetworkType",
    "numCacheClusters": "NumCacheClusters",
    "port": "Port",
    "replicationGroupId": "ReplicationGroupId",
    "subnetGroupName": "CacheSubnetGroupName",
    "userGroupIds": "UserGroupIds",
}

_OF_THE_GROUP = {
    "ARN": "arn",
    "AtRestEncryptionEnabled": "atRestEncryptionEnabled",
    "AutoMinorVersionUpgrade": "autoMinorVersionUpgrade",
    "CacheNodeType": "nodeType",
    "ClusterEnabled": "clusterEnabled",
    "ClusterMode": "clusterMode",
    "Description": "description",
    "Engine": "engine",
    "IpDiscovery": "ipDiscovery",
    "KmsKeyId": "kmsKeyId",
    "MemberClusters": "memberClusters",
    "NetworkType": "networkType",
    "ReplicationGroupId": "replicationGroupId",
    "SnapshotRetentionLimit": "snapshotRetentionLimit",
    "SnapshotWindow": "snapshotWindow",
    "TransitEncryptionEnabled": "transitEncryptionEnabled",
    "TransitEncryptionMode": "transitEncryptionMode",
    "UserGroupIds": "userGroupIds",
}
_OF_A_NODE = {
    "CacheSubnetGroupName": "subnetGroupName",
    "EngineVersion": "engineVersionActual",
    "PreferredMaintenanceWindow": "maintenanceWindow",
}
_LOGS, _FIREHOSE = "cloudwatch-logs", "kinesis-firehose"
_DETAILS = {
    _LOGS: ("CloudWatchLogsDetails", "LogGroup"),
    _FIREHOSE: ("KinesisFirehoseDetails", "DeliveryStream"),
}


def observed(group: Mapping[str, Any], node: Mapping[str, Any]) -> Properties:
    """As the provider reads it: from the group, and from the first of its nodes."""
    (part,) = group["NodeGroups"]
    return {
        **pick(group, _OF_THE_GROUP),
        **pick(node, _OF_A_NODE),
        "automaticFailoverEnabled": group["AutomaticFailover"] == "enabled",
        "multiAzEnabled": group["MultiAZ"] == "enabled",
        # Major and minor, which is all that one may ask for.
        "engineVersion": ".".join(node["EngineVersion"].split(".")[:2]),
        "logDeliveryConfigurations": [_log(one) for one in group["LogDeliveryConfigurations"]],
        "numCacheClusters": len(group["MemberClusters"]),
        "numNodeGroups": len(group["NodeGroups"]),
        "replicasPerNodeGroup": len(group["MemberClusters"]) - 1,
        "parameterGroupName": node["CacheParameterGroup"]["CacheParameterGroupName"],
        "port": part["PrimaryEndpoint"]["Port"],
        "primaryEndpointAddress": part["PrimaryEndpoint"]["Address"],
        "readerEndpointAddress": part["ReaderEndpoint"]["Address"],
        "securityGroupIds": [one["SecurityGroupId"] for one in node["SecurityGroups"]],
    }


def log_requests(logs: list[Properties]) -> list[dict[str, Any]]:
    """Where the engine's logs go."""
    return [{**_log_request(one), "Enabled": True} for one in logs]


def log_changes(old: list[Properties], new: list[Properties]) -> list[dict[str, Any]]:
    """What is wanted now, and an end for what is not any more."""
    wanted = {one["logType"] for one in new}
    ended = [{"LogType": one["logType"], "Enabled": False} for one in old if one["logType"] not in wanted]
    return [*log_requests(new), *ended]


def _log_request(log: Properties) -> dict[str, Any]:
    outer, inner = _DETAILS[log["destinationType"]]
    return {
        "LogType": log["logType"],
        "LogFormat": log["logFormat"],
        "DestinationType": log["destinationType"],
        "DestinationDetails": {outer: {inner: log["destination"]}},
    }


def _log(told: Mapping[str, Any]) -> Properties:
    outer, inner = _DETAILS[told["DestinationType"]]
    return {
        "destination": told["DestinationDetails"][outer][inner],
        "destinationType": told["DestinationType"],
        "logFormat": told["LogFormat"],
        "logType": told["LogType"],
    }
