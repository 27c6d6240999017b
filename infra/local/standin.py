"""The scripted stand-in for a language model, with a small real embedding model: for machines without one."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import ClusterAccess, NamespaceAccess, Reach
from infra.settings.base import ComputeResources
from infra.sizing.timing import Probe
from infra.workloads.labels import labels, selector
from infra.workloads.pods import (
    container_security,
    http_probe,
    name_of,
    pod_security,
    resources,
    scratch,
    service_account,
)
from infra.workloads.services import cluster_service

WORKLOAD = "standin"
PORT = 8080
UID = 10001

STARTUP = Probe(period_seconds=2, timeout_seconds=5, failure_threshold=60)
LIVENESS = Probe(period_seconds=10, timeout_seconds=5, failure_threshold=6)
READINESS = Probe(period_seconds=5, timeout_seconds=5, failure_threshold=3)


class StandIn(pulumi.ComponentResource):
    """Deployment and Service `standin`; it connects to nothing."""

    base_url: pulumi.Output[str]
    reach: Reach
    ready: list[pulumi.Resource]

    def __init__(
        self,
        name: str,
        settings: ComputeResources,
        *,
        image: str,
        cluster: ClusterAccess,
        namespace: NamespaceAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:local:StandIn", name, None, opts)
        self._settings = settings
        self._image = image
        self._namespace = namespace
        self._opts = pulumi.ResourceOptions(parent=self, provider=cluster.provider)
        deployment = self._deployment()
        service = cluster_service(
            WORKLOAD, PORT, "http", namespace=self._namespace.name, pods=deployment, opts=self._opts
        )
        self.base_url = pulumi.Output.concat(
            "http://", name_of(service), ".", namespace.name, f".svc:{PORT}/v1"
        )
        self.reach = Reach(name=WORKLOAD, ports=(PORT,), pods=WORKLOAD)
        self.ready = [deployment, service]
        self.register_outputs({"baseUrl": self.base_url})

    def _deployment(self) -> k8s.apps.v1.Deployment:
        return k8s.apps.v1.Deployment(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "replicas": 1,
                "revision_history_limit": 3,
                "selector": {"match_labels": selector(WORKLOAD)},
                "strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": 0, "max_surge": 1},
                },
                "template": {"metadata": {"labels": labels(WORKLOAD)}, "spec": self._pod()},
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(depends_on=self._namespace.ready)
            ),
        )

    def _pod(self) -> k8s.core.v1.PodSpecArgsDict:
        files = scratch()
        return {
            "service_account_name": service_account(WORKLOAD, self._namespace, self._opts),
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": pod_security(UID),
            "termination_grace_period_seconds": 30,
            "volumes": files.volumes,
            "containers": [
                {
                    "name": WORKLOAD,
                    "image": self._image,
                    "image_pull_policy": "IfNotPresent",
                    "ports": [{"name": "http", "container_port": PORT}],
                    "volume_mounts": files.mounts,
                    "security_context": container_security(),
                    "resources": resources(self._settings),
                    "startup_probe": http_probe("/health", "http", STARTUP),
                    "liveness_probe": http_probe("/health", "http", LIVENESS),
                    "readiness_probe": http_probe("/health", "http", READINESS),
                    "lifecycle": {"pre_stop": {"sleep": {"seconds": 3}}},
                    "termination_message_policy": "FallbackToLogsOnError",
                }
            ],
        }
