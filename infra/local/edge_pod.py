"""The edge's pod."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.local import nginx
from infra.settings.local import LocalSettings
from infra.sizing.timing import Probe, Timing
from infra.workloads.pods import Mounts, container_security, http_probe, pod_security, resources, scratch

WORKLOAD = "edge"
UID = 10001
PRE_STOP_SECONDS = 5
"""Connections still arrive until kube-proxy on every node has heard."""

STARTUP = Probe(period_seconds=1, timeout_seconds=2, failure_threshold=30)
LIVENESS = Probe(period_seconds=10, timeout_seconds=2, failure_threshold=3)
READINESS = Probe(period_seconds=5, timeout_seconds=2, failure_threshold=2)


def edge_pod(
    settings: LocalSettings,
    timing: Timing,
    *,
    account: pulumi.Input[str],
    configuration: pulumi.Input[str],
    tls: pulumi.Input[str],
) -> k8s.core.v1.PodSpecArgsDict:
    """The pod spec; `configuration` and `tls` name the ConfigMap and the Secret that it mounts."""
    files = _files(configuration, tls) + scratch(size="256Mi")
    return {
        "service_account_name": account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": pod_security(UID),
        # nginx lets open streams finish; none is longer than the server's own.
        "termination_grace_period_seconds": PRE_STOP_SECONDS + timing.drain + 10,
        "volumes": files.volumes,
        "containers": [
            {
                "name": WORKLOAD,
                "image": settings.platform.images.edge,
                "image_pull_policy": "IfNotPresent",
                "ports": [
                    {"name": "https", "container_port": nginx.HTTPS_PORT},
                    {"name": "http", "container_port": nginx.HTTP_PORT},
                    {"name": "health", "container_port": nginx.HEALTH_PORT},
                ],
                "volume_mounts": files.mounts,
                "security_context": container_security(),
                "resources": resources(settings.edge.resources),
                "startup_probe": http_probe("/healthz", "health", STARTUP),
                "liveness_probe": http_probe("/healthz", "health", LIVENESS),
                "readiness_probe": http_probe("/healthz", "health", READINESS),
                "lifecycle": {"pre_stop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
                "termination_message_policy": "FallbackToLogsOnError",
            }
        ],
    }


def _files(configuration: pulumi.Input[str], tls: pulumi.Input[str]) -> Mounts:
    return Mounts(
        volumes=[
            {"name": "configuration", "config_map": {"name": configuration, "default_mode": 0o444}},
            {"name": "tls", "secret": {"secret_name": tls, "default_mode": 0o440}},
        ],
        mounts=[
            {
                "name": "configuration",
                "mount_path": "/etc/nginx/nginx.conf",
                "sub_path": "nginx.conf",
                "read_only": True,
            },
            {"name": "tls", "mount_path": "/etc/nginx/tls", "read_only": True},
        ],
    )
