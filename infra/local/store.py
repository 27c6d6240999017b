"""The local telemetry store: ClickHouse's engine with its HTTP interface alone, in one pod on one volume."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from infra.local.volume import LocalVolume
from infra.ports import ClickHouseEndpoint, ClusterAccess, Credentials, NamespaceAccess, Reach
from infra.settings.local import LocalSettings
from infra.sizing.timing import Probe
from infra.workloads.clickhouse_pod import PING
from infra.workloads.clickhouse_users import DATABASE, OWNER, READER, WRITER
from infra.workloads.labels import labels, selector
from infra.workloads.pods import (
    container_security,
    environment,
    http_probe,
    immutable_secret,
    name_of,
    pod_security,
    resources,
    scratch,
    secret_files,
)
from infra.workloads.services import cluster_service

WORKLOAD = "clickhouse"
PORT = 8123
UID = 10001
DATA = "/var/lib/clickhouse"
LOGINS = "/run/secrets/clickhouse"
STOP_SECONDS = 60
PROBE = Probe(period_seconds=5, timeout_seconds=5, failure_threshold=12)
"""A minute to open what is on the disk, and for a query that takes every core."""


class LocalStore(pulumi.ComponentResource):
    """StatefulSet and Service `clickhouse`. It has no TLS: the wire never leaves the machine."""

    endpoint: ClickHouseEndpoint

    def __init__(
        self,
        name: str,
        settings: LocalSettings,
        *,
        storage_gib: int,
        cluster: ClusterAccess,
        namespace: NamespaceAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:local:Store", name, None, opts)
        self._settings = settings
        self._namespace = namespace
        self._opts = pulumi.ResourceOptions(parent=self, provider=cluster.provider)
        logins = {username: self._login(username) for username in (WRITER, READER, OWNER)}
        volume = LocalVolume(
            WORKLOAD,
            settings.platform,
            storage_gib=storage_gib,
            cluster=cluster,
            namespace=namespace,
            opts=pulumi.ResourceOptions(parent=self),
        )
        secret = immutable_secret(
            WORKLOAD,
            {username: login.password for username, login in logins.items()},
            namespace.name,
            labels(WORKLOAD),
            self._opts,
        )
        pods = self._stateful_set(secret, volume.claim)
        service = cluster_service(
            WORKLOAD, PORT, "http", namespace=namespace.name, pods=pods, opts=self._opts
        )
        self.endpoint = ClickHouseEndpoint(
            host=pulumi.Output.concat(name_of(service), ".", namespace.name, ".svc"),
            http_port=PORT,
            native_port=None,
            tls=False,
            database=DATABASE,
            writer=logins[WRITER],
            reader=logins[READER],
            owner=logins[OWNER],
            ca_bundle=None,
            reach=Reach(name=WORKLOAD, ports=(PORT,), pods=WORKLOAD),
            ready=[pods, service],
        )
        self.register_outputs({"host": self.endpoint.host})

    def _login(self, username: str) -> Credentials:
        password = random.RandomPassword(
            f"{WORKLOAD}-{username.replace('_', '-')}",
            length=32,
            special=False,
            opts=pulumi.ResourceOptions(parent=self),
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
        files = secret_files(secret, LOGINS) + scratch()
        return {
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": pod_security(UID),
            "termination_grace_period_seconds": STOP_SECONDS,
            "volumes": [*files.volumes, {"name": "data", "persistent_volume_claim": {"claim_name": claim}}],
            "containers": [
                {
                    "name": WORKLOAD,
                    "image": self._settings.platform.images.clickhouse,
                    "image_pull_policy": "IfNotPresent",
                    "env": environment({"STORE_LOGINS": LOGINS, "STORE_READERS": READER}),
                    "ports": [{"name": "http", "container_port": PORT}],
                    "volume_mounts": [*files.mounts, {"name": "data", "mount_path": DATA}],
                    "security_context": container_security(),
                    "resources": resources(self._settings.store),
                    "startup_probe": http_probe(PING, "http", PROBE),
                    "liveness_probe": http_probe(PING, "http", PROBE),
                    "readiness_probe": http_probe(PING, "http", PROBE),
                    "termination_message_policy": "FallbackToLogsOnError",
                }
            ],
        }
