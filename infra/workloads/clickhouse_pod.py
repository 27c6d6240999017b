"""ClickHouse's pod: its files, how it starts and stops, and when it is well."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import ClusterAccess
from infra.settings.clickhouse import ClickHouseSettings
from infra.sizing.timing import Probe
from infra.workloads.clickhouse_config import CONFIG_DIR, DATA_DIR, HTTPS_PORT, NATIVE_PORT
from infra.workloads.pods import (
    Mounts,
    container_security,
    environment,
    http_probe,
    name_of,
    pod_security,
    resources,
    scratch,
    spread_over,
)

core = k8s.core.v1

WORKLOAD = "clickhouse"
UID = 101
"""The image's own user and group."""
PING = "/ping"

STOP_SECONDS = 120
"""A minute for the queries that run, and as long to flush what is buffered."""
STARTUP = Probe(period_seconds=10, timeout_seconds=5, failure_threshold=60)
"""Ten minutes: it looks through all parts on its disk first."""
LIVENESS = Probe(period_seconds=20, timeout_seconds=15, failure_threshold=6)
READINESS = Probe(period_seconds=10, timeout_seconds=10, failure_threshold=3)


def configuration(files: Mapping[str, str], config: core.ConfigMap, secret: core.Secret) -> Mounts:
    """One folder of what is public, from the ConfigMap's files, and what is secret: hashes, keys, a login.

    Keys of both have no slash; a file's place in the folder is `files` by its key.
    """
    sources: list[core.VolumeProjectionArgsDict] = [
        {
            "config_map": {
                "name": name_of(config),
                "items": [{"key": key, "path": path} for key, path in files.items()],
            }
        },
        {
            "secret": {
                "name": name_of(secret),
                "items": [
                    {"key": "passwords.xml", "path": "users.d/passwords.xml"},
                    *({"key": key, "path": key} for key in ("tls.crt", "tls.key", "ca.crt", "admin.xml")),
                ],
            }
        },
    ]
    return Mounts(
        volumes=[{"name": "configuration", "projected": {"default_mode": 0o440, "sources": sources}}],
        mounts=[{"name": "configuration", "mount_path": CONFIG_DIR, "read_only": True}],
    )


def data(claim: pulumi.Output[str]) -> Mounts:
    """The volume of a claim that exists."""
    return Mounts(
        volumes=[{"name": "data", "persistent_volume_claim": {"claim_name": claim}}],
        mounts=[{"name": "data", "mount_path": DATA_DIR}],
    )


def pod_spec(
    settings: ClickHouseSettings, mounts: Mounts, *, account: pulumi.Input[str], cluster: ClusterAccess
) -> core.PodSpecArgsDict:
    """The pod spec."""
    mounts = mounts + scratch()
    pod: core.PodSpecArgsDict = {
        "service_account_name": account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": pod_security(UID),
        "termination_grace_period_seconds": STOP_SECONDS,
        "topology_spread_constraints": spread_over(WORKLOAD, zones=cluster.zone_spread),
        "volumes": mounts.volumes,
        "containers": [_container(settings, mounts)],
    }
    if cluster.node_selector:
        pod["node_selector"] = cluster.node_selector
    return pod


def _container(settings: ClickHouseSettings, mounts: Mounts) -> core.ContainerArgsDict:
    return {
        "name": WORKLOAD,
        "image": settings.image,
        "image_pull_policy": "IfNotPresent",
        # Not the image's entry point, which writes users and directories at every start.
        "command": ["clickhouse", "server", f"--config-file={CONFIG_DIR}/config.xml"],
        # Its own watchdog would be a second process between the kubelet and it.
        "env": environment({"CLICKHOUSE_WATCHDOG_ENABLE": "0"}),
        "ports": [
            {"name": "https", "container_port": HTTPS_PORT},
            {"name": "native", "container_port": NATIVE_PORT},
        ],
        "volume_mounts": mounts.mounts,
        "security_context": container_security(),
        "resources": resources(settings.resources),
        "startup_probe": http_probe(PING, "https", STARTUP, tls=True),
        "liveness_probe": http_probe(PING, "https", LIVENESS, tls=True),
        "readiness_probe": http_probe(PING, "https", READINESS, tls=True),
        "termination_message_policy": "FallbackToLogsOnError",
    }
