"""Databases on RDS: their types, what they take over from where they come from, and their parameters."""

from __future__ import annotations

from policies.lib.remedy import Draft, Remedy
from policies.lib.resources import Resource, Stack
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
MEMBER = "aws:rds/clusterInstance:ClusterInstance"
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"
CLUSTER_PARAMETER_GROUP = "aws:rds/clusterParameterGroup:ClusterParameterGroup"

DATABASES = types(INSTANCE, CLUSTER)
"""What has data of its own: the members of a cluster share the cluster's."""
SERVERS = types(INSTANCE, CLUSTER, MEMBER)
"""Whatever answers queries."""
WITH_PARAMETERS = types(INSTANCE, CLUSTER, PARAMETER_GROUP, CLUSTER_PARAMETER_GROUP)

_FOLLOWS = ("replicateSourceDb", "replicationSourceIdentifier")
_RESTORED = ("snapshotIdentifier", "restoreToPointInTime")
_GROUPS = {
    INSTANCE: ("parameterGroupName", PARAMETER_GROUP),
    CLUSTER: ("dbClusterParameterGroupName", CLUSTER_PARAMETER_GROUP),
}
_MADE_BY_AWS = "default."


def is_replica(db: Resource) -> bool:
    """Whether it follows another database, and is what that one is."""
    return any(db[origin].present for origin in _FOLLOWS)


def takes_over(db: Resource, value: Value) -> bool:
    """Whether the database has this from the one that it follows, since nothing is said about it here.

    Raises:
        Undetermined: it has it from a backup, and the program does not say what that holds.
    """
    if value.present:
        return False
    if is_replica(db):
        return True
    if any(db[origin].present for origin in _RESTORED):
        raise Undetermined(value.path, "is taken over from the backup that it is restored from")
    return False


def is_made_from_another(draft: Draft) -> bool:
    """Whether what a remedy is about follows another database, or is restored from a backup of one."""
    return any(draft.get(origin) not in (None, "") for origin in (*_FOLLOWS, *_RESTORED))


def unless_replica(remedy: Remedy) -> Remedy:
    """The remedy, for what follows no other database."""

    def apply(draft: Draft, settings: Settings) -> None:
        if all(draft.get(origin) in (None, "") for origin in _FOLLOWS):
            remedy(draft, settings)

    return apply


def engine(db: Resource) -> str:
    """Its engine, as `postgres`; empty where it has that from another database.

    Raises:
        Undetermined: it is unknown.
    """
    return db["engine"].text().lower()


def shares_parameters(db: Resource) -> bool:
    """Whether it has the parameters of the database that it follows, which is judged by itself."""
    return is_replica(db) and not db[_GROUPS[db.type][0]].present


def parameter_group(stack: Stack, db: Resource) -> Resource | None:
    """The group that sets the database's parameters; None if that is AWS's, which nobody can change.

    Raises:
        Undetermined: it is unknown, or outside this stack.
    """
    prop, type_ = _GROUPS[db.type]
    name = db[prop]
    found = stack.target(db, prop, type_)
    if found is None and name.present and not name.text().startswith(_MADE_BY_AWS):
        raise Undetermined(name.path, "names a parameter group outside this stack")
    return found


def parameter(group: Resource, name: str) -> Value:
    """The value that a group gives a parameter; absent where it leaves the engine's default.

    Raises:
        Undetermined: it is not among the parameters, and the name of one is unknown.
    """
    unknown: Undetermined | None = None
    for entry in group["parameters"].items():
        try:
            if entry["name"].text().lower() == name:
                return entry["value"]
        except Undetermined as reason:
            unknown = unknown or reason
    if unknown:
        raise unknown
    return Value(None, "parameters")
