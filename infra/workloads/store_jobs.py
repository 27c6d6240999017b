"""The telemetry store's Jobs: what makes its tables, brings a backup back, and takes one every day."""

from __future__ import annotations

import hashlib

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import ClickHouseEndpoint, Credentials, MetricSink, Site
from infra.settings import Settings
from infra.settings.clickhouse import StoreBackupSettings, StoreRestoreSettings
from infra.workloads.clickhouse_schema import schema_files
from infra.workloads.connections import Connection
from infra.workloads.jobs import DatabaseCommand, command_pod, database_job
from infra.workloads.labels import labels
from infra.workloads.metric_sink import sink_environment
from infra.workloads.openings import open_connections
from infra.workloads.pods import (
    SECRETS_DIR,
    Mounts,
    config_files,
    immutable_secret,
    secret_files,
    service_account,
)

SCHEMA, RESTORE, BACKUP = "store-schema", "store-restore", "store-backup"
SCHEMA_DIR = "/etc/roost/store"
_RESTORE_SECONDS = 6 * 3600
"""A restore reads everything from the bucket; beyond that somebody should look."""
_MINUTE = 17
"""Not the full hour, when everybody's Jobs start."""


class StoreJobs:
    """The Jobs of one store, children of one component. All run the server's image."""

    def __init__(
        self,
        parent: pulumi.Resource,
        settings: Settings,
        *,
        store: ClickHouseEndpoint,
        site: Site,
    ) -> None:
        self._settings = settings
        self._store = store
        self._namespace = site.namespace
        self._image = site.supplies.images.server
        self._sink = site.supplies.store.backup_sink if site.supplies.store else None
        self._opts = pulumi.ResourceOptions(parent=parent, provider=site.cluster.provider)

    def schema(self, *, after: list[pulumi.Resource]) -> k8s.batch.v1.Job:
        """Job `store-schema-<hash>`: every table with its end; runs again when one of them changes."""
        files = schema_files(self._settings.clickhouse)
        config = k8s.core.v1.ConfigMap(
            SCHEMA,
            metadata={"namespace": self._namespace.name, "labels": labels(SCHEMA)},
            immutable=True,
            data=files,
            opts=self._opts,
        )
        return self._job(
            SCHEMA,
            ["store", "apply", SCHEMA_DIR],
            config_files(config, SCHEMA_DIR),
            facts=[*files.values()],
            after=after,
            seconds=self._settings.migration.deadline_seconds,
        )

    def restore(self, what: StoreRestoreSettings, *, after: list[pulumi.Resource]) -> k8s.batch.v1.Job:
        """Job `store-restore-<hash>`: one backup, once."""
        return self._job(
            RESTORE,
            ["store", "restore", what.backup, "--database", what.database],
            Mounts(),
            facts=[what.backup, what.database],
            after=after,
            seconds=_RESTORE_SECONDS,
        )

    def backup(self, when: StoreBackupSettings, login: Credentials, *, after: list[pulumi.Resource]) -> None:
        """CronJob `store-backup`, every day: full once a week, else what is new since then.

        Where the platform has alarms, they hear of each that is there.
        """
        command, ready = self._command(BACKUP, ["store", "backup"], Mounts(), login, self._sink)
        k8s.batch.v1.CronJob(
            BACKUP,
            metadata={"name": BACKUP, "namespace": self._namespace.name, "labels": labels(BACKUP)},
            spec={
                "schedule": f"{_MINUTE} {when.hour} * * *",
                "time_zone": "Etc/UTC",
                "concurrency_policy": "Forbid",
                "starting_deadline_seconds": 3600,
                "successful_jobs_history_limit": 3,
                "failed_jobs_history_limit": 3,
                "job_template": {
                    "metadata": {"labels": labels(BACKUP)},
                    "spec": {
                        "backoff_limit": 2,
                        "active_deadline_seconds": when.deadline_minutes * 60,
                        "template": {
                            "metadata": {"labels": labels(BACKUP)},
                            "spec": command_pod(command, self._settings.migration.resources),
                        },
                    },
                },
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(depends_on=[*self._namespace.ready, *after, *ready])
            ),
        )

    def _job(
        self,
        workload: str,
        args: list[str],
        mounts: Mounts,
        *,
        facts: list[str],
        after: list[pulumi.Resource],
        seconds: int,
    ) -> k8s.batch.v1.Job:
        command, ready = self._command(workload, args, mounts, self._store.owner)
        return database_job(
            workload,
            command,
            self._settings.migration.model_copy(update={"deadline_seconds": seconds}),
            namespace=self._namespace.name,
            job_name=f"{workload}-{_hash(facts)}",
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(depends_on=[*self._namespace.ready, *after, *ready])
            ),
        )

    def _command(
        self,
        workload: str,
        args: list[str],
        mounts: Mounts,
        login: Credentials,
        sink: MetricSink | None = None,
    ) -> tuple[DatabaseCommand, list[pulumi.Resource]]:
        told = [sink.reach, sink.identity.reach] if sink else []
        openings = open_connections(
            [Connection(client=workload, reach=reach) for reach in (self._store.reach, *told)],
            self._namespace,
            self._opts,
        )
        ca = {} if self._store.ca_bundle is None else {"store-ca.pem": self._store.ca_bundle}
        secret = immutable_secret(
            workload,
            {"store-password": login.password, **ca},
            self._namespace.name,
            labels(workload),
            self._opts,
        )
        environment: dict[str, pulumi.Input[str]] = {
            "ROOST_STORE_URL": self._store.url,
            "ROOST_STORE_USER": login.username,
            "ROOST_STORE_PASSWORD_FILE": f"{SECRETS_DIR}/store-password",
            **({"ROOST_STORE_CA_FILE": f"{SECRETS_DIR}/store-ca.pem"} if ca else {}),
            **(sink_environment(sink) if sink else {}),
        }
        command = DatabaseCommand(
            workload=workload,
            args=args,
            image=self._image,
            environment=environment,
            mounts=secret_files(secret) + mounts,
            service_account=service_account(workload, self._namespace, self._opts),
        )
        return command, [*openings, *(sink.identity.ready if sink else [])]


def _hash(facts: list[str]) -> str:
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:10]
