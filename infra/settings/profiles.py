"""Defaults by profile: a stack file overrides them key by key. Keys are written as in YAML."""

from __future__ import annotations

from typing import Any

from infra.settings.settings import ProfileName

Tree = dict[str, Any]

LOCAL: Tree = {
    "server": {
        "replicas": {"min": 2, "max": 3},
        "resources": {"cpuRequest": "100m", "memoryRequest": "192Mi", "memoryLimit": "768Mi"},
        "longestStreamSeconds": 300,
        "drainSeconds": 300,
        "preStopSeconds": 5,
    },
    "migration": {"deadlineSeconds": 300},
    "clickhouse": {"storageGib": 20},
    "namespace": {
        "quota": {
            "cpuRequests": "4",
            "memoryRequests": "6Gi",
            "memoryLimits": "16Gi",
            "pods": 40,
            "storage": "50Gi",
        }
    },
    "local": {},
}

_AWS_SERVER: Tree = {
    "preStopSeconds": 15,
    "longestStreamSeconds": 600,
    "drainSeconds": 600,
    "startupSeconds": 120,
}

# Nodes are shared there: a pod that fills its disk must not take the others with it.
_DISK: Tree = {"diskLimit": "1Gi"}
_JOBS: Tree = {"cpuRequest": "50m", "memoryRequest": "128Mi", "memoryLimit": "512Mi", **_DISK}

DEV: Tree = {
    "server": {
        **_AWS_SERVER,
        "replicas": {"min": 1, "max": 3},
        "resources": {"cpuRequest": "250m", "memoryRequest": "512Mi", "memoryLimit": "2Gi", **_DISK},
    },
    "migration": {"deadlineSeconds": 1800, "resources": _JOBS},
    "model": {"kind": "external"},
    "namespace": {
        "quota": {
            "cpuRequests": "16",
            "memoryRequests": "64Gi",
            "memoryLimits": "96Gi",
            "pods": 60,
            "storage": "200Gi",
        }
    },
    "aws": {
        "keyDeletionDays": 14,
        "network": {"cidr": "10.32.0.0/16", "zones": ["a", "b"], "nat": "single"},
        "database": {"instanceClass": "db.t4g.medium", "multiAz": False, "backupRetentionDays": 7},
        "cluster": {
            "systemNodes": {"instanceTypes": ["t4g.medium"], "minNodes": 2, "maxNodes": 3},
            "appNodes": {"instanceTypes": ["t4g.large"], "minNodes": 1, "maxNodes": 3},
        },
    },
}

PROD: Tree = {
    "server": {
        **_AWS_SERVER,
        "replicas": {"min": 2, "max": 10},
        "resources": {"cpuRequest": "500m", "memoryRequest": "1Gi", "memoryLimit": "4Gi", **_DISK},
        "poolSize": 20,
    },
    "migration": {"deadlineSeconds": 3600, "resources": _JOBS},
    "model": {"kind": "external"},
    "namespace": {
        "quota": {
            "cpuRequests": "64",
            "memoryRequests": "256Gi",
            "memoryLimits": "384Gi",
            "pods": 150,
            "storage": "1000Gi",
        }
    },
    "aws": {
        "keyDeletionDays": 30,
        "network": {
            "cidr": "10.48.0.0/16",
            "zones": ["a", "b", "c"],
            "nat": "per-az",
            "flowLogRetentionDays": 365,
        },
        "database": {
            "instanceClass": "db.r7g.large",
            "multiAz": True,
            "storageGib": 100,
            "maxStorageGib": 1000,
            "maxConnections": 1000,
            "backupRetentionDays": 35,
            "monitoringIntervalSeconds": 15,
            "logRetentionDays": 365,
        },
        "cache": {
            "nodeType": "cache.t4g.small",
            "replicas": 1,
            "multiAz": True,
            "snapshotRetentionDays": 7,
            "logRetentionDays": 365,
        },
        "cluster": {
            "systemNodes": {"instanceTypes": ["m7g.large"], "minNodes": 3, "maxNodes": 6},
            "appNodes": {"instanceTypes": ["m7g.xlarge"], "minNodes": 3, "maxNodes": 10},
            "logRetentionDays": 365,
        },
        "storage": {"backup": {"lockMode": "COMPLIANCE"}},
        "edge": {"waf": {"logRetentionDays": 365}},
        "recovery": {"lock": {"mode": "COMPLIANCE"}},
    },
}

PROFILES: dict[ProfileName, Tree] = {"local": LOCAL, "dev": DEV, "prod": PROD}


def merged(defaults: Tree, overrides: Tree) -> Tree:
    """`overrides` laid on `defaults`: mappings merge key by key, everything else (lists too) replaces."""
    result = dict(defaults)
    for key, value in overrides.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result
