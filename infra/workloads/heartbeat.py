"""The heartbeat: a CronJob whose silence wakes somebody, and which measures what only pods can see."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import MetricSink, Site
from infra.settings.base import ComputeResources
from infra.workloads.connections import Connection
from infra.workloads.database import login_environment, login_files
from infra.workloads.jobs import DatabaseCommand, command_pod
from infra.workloads.labels import labels
from infra.workloads.metric_sink import sink_environment
from infra.workloads.openings import open_connections
from infra.workloads.pods import immutable_secret, secret_files, service_account

WORKLOAD = "heartbeat"
SCHEDULE = "*/2 * * * *"
"""Twice in each of the five minutes that the alarm counts by, so that a slow start leaves no gap."""
DEADLINE_SECONDS = 110
_NEEDS = ComputeResources(cpu_request="20m", memory_request="64Mi", memory_limit="256Mi", disk_limit="64Mi")


class Heartbeat(pulumi.ComponentResource):
    """Every beat goes the whole way: scheduler, image, DNS, identity, network, CloudWatch.

    It reads the database with the readonly login, past any pooler, and writes to nothing.
    """

    def __init__(
        self,
        name: str,
        *,
        site: Site,
        sink: MetricSink,
        database_instance: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:Heartbeat", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, provider=site.cluster.provider)
        namespace, database = site.namespace, site.supplies.database
        reaches = (database.reach, sink.reach, sink.identity.reach)
        openings = open_connections(
            [Connection(client=WORKLOAD, reach=reach) for reach in reaches], namespace, child
        )
        secret = immutable_secret(
            WORKLOAD, login_files(database, database.readonly), namespace.name, labels(WORKLOAD), child
        )
        command = DatabaseCommand(
            workload=WORKLOAD,
            args=["heartbeat"],
            image=site.supplies.images.server,
            environment={
                **login_environment(database, database.readonly, direct=True),
                **sink_environment(sink),
                "ROOST_RDS_INSTANCE": database_instance,
            },
            mounts=secret_files(secret),
            service_account=service_account(WORKLOAD, namespace, child),
        )
        k8s.batch.v1.CronJob(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "schedule": SCHEDULE,
                "time_zone": "Etc/UTC",
                # One that hangs ends by its own deadline, before the next one is due.
                "concurrency_policy": "Forbid",
                "starting_deadline_seconds": 60,
                "successful_jobs_history_limit": 1,
                "failed_jobs_history_limit": 3,
                "job_template": {
                    "metadata": {"labels": labels(WORKLOAD)},
                    "spec": {
                        "backoff_limit": 0,
                        "active_deadline_seconds": DEADLINE_SECONDS,
                        "template": {
                            "metadata": {"labels": labels(WORKLOAD)},
                            "spec": command_pod(command, _NEEDS),
                        },
                    },
                },
            },
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    depends_on=[*namespace.ready, *database.ready, *sink.identity.ready, *openings]
                ),
            ),
        )
        self.register_outputs({})
