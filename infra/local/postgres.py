"""Postgres with pgvector in the cluster: one pod, one volume, four logins."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from infra.local.volume import LocalVolume
from infra.ports import ClusterAccess, Credentials, DatabaseEndpoint, NamespaceAccess, Reach
from infra.settings.database import DatabaseSettings
from infra.settings.local import LocalSettings
from infra.sizing.timing import Probe
from infra.workloads.labels import labels, selector
from infra.workloads.pods import (
    container_security,
    exec_probe,
    immutable_secret,
    name_of,
    pod_security,
    resources,
    scratch,
    secret_files,
)
from infra.workloads.services import cluster_service

WORKLOAD = "postgres"
PORT = 5432
UID = 999
DATA = "/var/lib/postgresql/data"
SECRETS = "/run/secrets/postgres"
STOP_SECONDS = 60
"""For a fast shutdown with its checkpoint; a killed Postgres recovers, only more slowly."""

READY = ["pg_isready", "--quiet", "--host=127.0.0.1"]
STARTUP = Probe(period_seconds=2, timeout_seconds=5, failure_threshold=150)
"""Five minutes: crash recovery replays what the last checkpoint did not have."""
LIVENESS = Probe(period_seconds=15, timeout_seconds=5, failure_threshold=6)
READINESS = Probe(period_seconds=5, timeout_seconds=5, failure_threshold=2)


class LocalPostgres(pulumi.ComponentResource):
    """StatefulSet and Service `postgres`; all passwords are generated, and applied at every start."""

    endpoint: DatabaseEndpoint

    def __init__(
        self,
        name: str,
        settings: LocalSettings,
        *,
        database: DatabaseSettings,
        cluster: ClusterAccess,
        namespace: NamespaceAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:local:Postgres", name, None, opts)
        self._settings = settings
        self._database = database
        self._namespace = namespace
        self._opts = pulumi.ResourceOptions(parent=self, provider=cluster.provider)
        logins = {
            role: self._login(role) for role in ("postgres", "roost_migrator", "roost_app", "roost_readonly")
        }
        volume = LocalVolume(
            WORKLOAD,
            settings.platform,
            storage_gib=settings.database.storage_gib,
            cluster=cluster,
            namespace=namespace,
            opts=pulumi.ResourceOptions(parent=self),
        )
        secret = immutable_secret(
            WORKLOAD, {"password": logins["postgres"].password}, namespace.name, labels(WORKLOAD), self._opts
        )
        pods = self._stateful_set(secret, volume.claim)
        service = cluster_service(
            WORKLOAD, PORT, "postgres", namespace=self._namespace.name, pods=pods, opts=self._opts
        )
        self.endpoint = self._endpoint(name_of(service), logins, [pods, service])
        self.register_outputs({"host": self.endpoint.host})

    def _login(self, username: str) -> Credentials:
        password = random.RandomPassword(
            username.replace("_", "-"), length=32, special=False, opts=pulumi.ResourceOptions(parent=self)
        )
        return Credentials(username=username, password=password.result)

    def _stateful_set(self, secret: k8s.core.v1.Secret, claim: pulumi.Output[str]) -> k8s.apps.v1.StatefulSet:
        return k8s.apps.v1.StatefulSet(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "replicas": 1,
                "service_name": WORKLOAD,
                "selector": {"match_labels": selector(WORKLOAD)},
                "template": {"metadata": {"labels": labels(WORKLOAD)}, "spec": self._pod(secret, claim)},
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(depends_on=self._namespace.ready)
            ),
        )

    def _pod(self, secret: k8s.core.v1.Secret, claim: pulumi.Output[str]) -> k8s.core.v1.PodSpecArgsDict:
        files = secret_files(secret, SECRETS) + scratch() + scratch("/dev/shm", "256Mi", memory=True)  # noqa: S108
        return {
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": pod_security(UID),
            "termination_grace_period_seconds": STOP_SECONDS,
            "volumes": [*files.volumes, {"name": "data", "persistent_volume_claim": {"claim_name": claim}}],
            "containers": [
                {
                    "name": WORKLOAD,
                    "image": self._settings.platform.images.postgres,
                    "image_pull_policy": "IfNotPresent",
                    "args": self._server_settings(),
                    "env": [
                        {"name": "POSTGRES_DB", "value": self._database.name},
                        {"name": "POSTGRES_PASSWORD_FILE", "value": f"{SECRETS}/password"},
                    ],
                    "ports": [{"name": "postgres", "container_port": PORT}],
                    "volume_mounts": [*files.mounts, {"name": "data", "mount_path": DATA}],
                    "security_context": container_security(),
                    "resources": resources(self._settings.database.resources),
                    "startup_probe": exec_probe(READY, STARTUP),
                    "liveness_probe": exec_probe(READY, LIVENESS),
                    "readiness_probe": exec_probe(READY, READINESS),
                    "termination_message_policy": "FallbackToLogsOnError",
                }
            ],
        }

    def _server_settings(self) -> list[str]:
        values = {
            "max_connections": self._settings.database.max_connections,
            "log_min_duration_statement": self._database.log_min_duration_ms,
            "log_lock_waits": "on",
            "idle_in_transaction_session_timeout": "60s",
            "password_encryption": "scram-sha-256",
        }
        return [word for name, value in values.items() for word in ("-c", f"{name}={value}")]

    def _endpoint(
        self, service: pulumi.Output[str], logins: dict[str, Credentials], ready: list[pulumi.Resource]
    ) -> DatabaseEndpoint:
        host = pulumi.Output.concat(service, ".", self._namespace.name, ".svc")
        return DatabaseEndpoint(
            host=host,
            direct_host=host,
            port=PORT,
            database=self._database.name,
            ssl_mode="disable",
            ca_bundle=None,
            master=logins["postgres"],
            migrator=logins["roost_migrator"],
            app=logins["roost_app"],
            readonly=logins["roost_readonly"],
            max_connections=self._settings.database.max_connections,
            reach=Reach(name=WORKLOAD, ports=(PORT,), pods=WORKLOAD),
            ready=ready,
        )
