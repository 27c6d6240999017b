"""What has to be watched, by which metrics, and which alarms watch it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from policies.lib.logic import all_hold
from policies.lib.resources import Resource, identities
from policies.lib.values import Undetermined, Value

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DATABASE = "aws:rds/instance:Instance"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
CLUSTER = "aws:eks/cluster:Cluster"
VAULT = "aws:backup/vault:Vault"


def _always(_: Resource) -> bool:
    return True


def _is_replica(database: Resource) -> bool:
    return database["replicateSourceDb"].present


def _is_application(balancer: Resource) -> bool:
    return balancer["loadBalancerType"].text(default="application") == "application"


def _one(namespace: str, metrics: str) -> dict[str, re.Pattern[str]]:
    return {namespace: re.compile(metrics)}


@dataclass(frozen=True)
class Watch:
    """One thing to know about resources of a type."""

    type: str
    what: str
    metrics: Mapping[str, re.Pattern[str]]
    """By namespace; any of them will do."""
    dimension: str
    """By which the metric names the resource."""
    where: Callable[[Resource], bool] = _always


WATCHES = (
    Watch(DATABASE, "free storage", _one("AWS/RDS", "FreeStorageSpace"), "DBInstanceIdentifier"),
    Watch(DATABASE, "CPU", _one("AWS/RDS", "CPUUtilization"), "DBInstanceIdentifier"),
    Watch(DATABASE, "connections", _one("AWS/RDS", "DatabaseConnections"), "DBInstanceIdentifier"),
    Watch(DATABASE, "replica lag", _one("AWS/RDS", "ReplicaLag"), "DBInstanceIdentifier", _is_replica),
    Watch(
        BALANCER,
        "server errors",
        _one("AWS/ApplicationELB", r"HTTPCode_(ELB|Target)_5\w\w_Count"),
        "LoadBalancer",
        _is_application,
    ),
    Watch(
        CLUSTER,
        "nodes",
        {
            **_one("ContainerInsights", r"(cluster_failed_)?node_\w+"),
            # What a lack of nodes does; EKS publishes it without an add-on.
            **_one("AWS/EKS", "scheduler_pending_pods_UNSCHEDULABLE"),
        },
        "ClusterName",
    ),
    Watch(VAULT, "failed backups", _one("AWS/Backup", r"NumberOfBackupJobs\w+"), "BackupVaultName"),
)


class Alarms:
    """Alarms by what they watch."""

    def __init__(
        self, alarms: list[Resource], watched: list[Resource], tells: Callable[[Resource], bool]
    ) -> None:
        """`tells` is whether anybody hears of an alarm; one that nobody hears of watches nothing."""
        self._watched = {resource.urn for resource in watched}
        self._found: dict[tuple[str, str], set[str]] = {}
        self._open: dict[str, Undetermined] = {}
        for alarm in alarms:
            for watch in WATCHES:
                try:
                    self._read(watch, alarm, tells)
                except Undetermined as reason:
                    self._open.setdefault(watch.what, reason)

    def watch(self, watch: Watch, resource: Resource) -> bool:
        """Whether one of them watches that of the resource.

        Raises:
            Undetermined: none that can be read does, and one cannot be read.
        """
        found = self._found.get((watch.type, watch.what), set[str]())
        if found & {resource.urn, *_names(resource)}:
            return True
        if watch.what in self._open:
            raise self._open[watch.what]
        return False

    def _read(self, watch: Watch, alarm: Resource, tells: Callable[[Resource], bool]) -> None:
        for metric, prop in _metrics_of(alarm):
            if all_hold(
                lambda metric=metric: metric["namespace"].text() in watch.metrics,
                lambda metric=metric: bool(
                    watch.metrics[metric["namespace"].text()].fullmatch(metric["metricName"].text())
                ),
                lambda: tells(alarm),
            ):
                found = self._found.setdefault((watch.type, watch.what), set[str]())
                made_from = alarm.dependencies.get(prop, frozenset()) & self._watched
                found |= made_from
                named = metric["dimensions"][watch.dimension]
                if named.known or not made_from:
                    found |= {named.text()} - {""}


def _names(resource: Resource) -> set[str]:
    suffix = resource["arnSuffix"]
    return identities(resource) | ({suffix.text()} if suffix.known else set[str]())


def _metrics_of(alarm: Resource) -> list[tuple[Value, str]]:
    """Its own metric, or those in its queries, and the property that names what they are of."""
    queries = alarm["metricQueries"]
    if not queries.present:
        return [(alarm.props, "dimensions")]
    return [(query["metric"], "metricQueries") for query in queries.items()]
