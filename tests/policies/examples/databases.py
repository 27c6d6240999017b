"""Databases as several examples have them."""

from __future__ import annotations

from typing import Any

from tests.support.policies import Change, R, add

DB = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
MEMBER = "aws:rds/clusterInstance:ClusterInstance"


def replica(**props: Any) -> Change:
    """One more instance, which follows another one."""
    return add(R(DB, {"replicateSourceDb": "main-1", **props}, name="replica"))


def cluster_replica(**props: Any) -> Change:
    """One more cluster, which follows another one."""
    return add(R(CLUSTER, {"replicationSourceIdentifier": "main-1", **props}, name="replica"))


def restored(**props: Any) -> Change:
    """One more instance, made from a snapshot."""
    return add(R(DB, {"snapshotIdentifier": "main-1-final", **props}, name="restored"))


def taken_back(**props: Any) -> Change:
    """One more instance, which is another one as it was at some time."""
    origin = {"restoreToPointInTime": {"sourceDbInstanceIdentifier": "main-1"}}
    return add(R(DB, {**origin, **props}, name="taken-back"))
