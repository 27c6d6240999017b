"""Every alarm of a stack, as a table."""

from __future__ import annotations

from infra.aws.alarm_spec import AlarmSpec, Facts
from infra.aws.alarms_backup import backup_alarms
from infra.aws.alarms_cluster import cluster_alarms
from infra.aws.alarms_database import database_alarms
from infra.aws.alarms_edge import edge_alarms

CLUSTER_DEAD = "cluster-dead"
CLUSTER_DEAD_SAYS = "The cluster is dead: no sign of life, and neither its API nor any server answers."
CLUSTER_DEAD_RULE = ("heartbeat", ("eks-silent", "alb-no-healthy-host"))
"""The first one, and any of the others: the heartbeat alone may be a broken CronJob."""


def alarm_table(facts: Facts) -> list[AlarmSpec]:
    """In the order of the documents: what users meet, what keeps their data, what runs it, copies."""
    return [
        *edge_alarms(facts),
        *database_alarms(facts),
        *cluster_alarms(facts),
        *backup_alarms(facts),
    ]
