"""What makes GPUs of a node usable and visible: NVIDIA's device plugin, and its exporter of metrics.

EKS's accelerated AL2023 image brings driver and container toolkit, and neither of these. Bottlerocket and
Auto Mode bring the plugin; this stack's nodes run neither. Container Insights brings the exporter.
"""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.aws.nodes import GPU_TAINT, POOL_LABEL
from infra.options import Options
from infra.ports import ClusterAccess
from infra.settings.aws_gpu import GpuSupportSettings
from infra.settings.namespace import NamespaceSettings, QuotaSettings
from infra.workloads.labels import labels, selector
from infra.workloads.namespace import Namespace

core = k8s.core.v1

NAMESPACE = "gpu-system"
PLUGIN, EXPORTER = "nvidia-device-plugin", "dcgm-exporter"
DEVICE_PLUGINS = "/var/lib/kubelet/device-plugins"
POD_RESOURCES = "/var/lib/kubelet/pod-resources"
METRICS_PORT = 9400

_BOUNDS = NamespaceSettings(
    quota=QuotaSettings(
        cpu_requests="20", memory_requests="40Gi", memory_limits="80Gi", pods=200, storage="1Gi"
    )
)


class GpuSupport(pulumi.ComponentResource):
    """Two DaemonSets on nodes with GPUs alone, in a namespace of their own.

    Both need a directory of their node and its root user, which nothing else in the cluster may have; they
    have no further capability, and no network.
    """

    def __init__(
        self,
        name: str,
        settings: GpuSupportSettings,
        *,
        exports_metrics: bool,
        cluster: ClusterAccess,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:GpuSupport", name, None, opts)
        self._opts = pulumi.ResourceOptions.merge(
            options.child(self), pulumi.ResourceOptions(provider=cluster.provider)
        )
        namespace = Namespace(
            name,
            _BOUNDS,
            cluster=cluster,
            kubernetes_name=NAMESPACE,
            pod_security="privileged",
            opts=options.child(self),
        ).access
        self._namespace = namespace.name
        self._after = namespace.ready
        self._daemon(PLUGIN, _plugin(settings.plugin_image), DEVICE_PLUGINS, read_only=False)
        if exports_metrics:
            self._daemon(EXPORTER, _exporter(settings.exporter_image), POD_RESOURCES, read_only=True)
        self.register_outputs({})

    def _daemon(
        self, name: str, container: core.ContainerArgsDict, directory: str, *, read_only: bool
    ) -> None:
        k8s.core.v1.ServiceAccount(
            name,
            metadata={"name": name, "namespace": self._namespace, "labels": labels(name)},
            automount_service_account_token=False,
            opts=self._opts,
        )
        kubelet: core.VolumeMountArgsDict = {"name": "kubelet", "mount_path": directory}
        if read_only:  # the API server leaves a false one out, which would show as a change for ever
            kubelet["read_only"] = True
        mounted: core.ContainerArgsDict = {
            **container,
            "image_pull_policy": "IfNotPresent",
            "security_context": {
                # The kubelet's directories are root's.
                "run_as_user": 0,
                "run_as_non_root": False,
                "allow_privilege_escalation": False,
                "read_only_root_filesystem": True,
                "capabilities": {"drop": ["ALL"]},
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            "volume_mounts": [
                kubelet,
                {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108 - a volume
            ],
            "termination_message_policy": "FallbackToLogsOnError",
        }
        k8s.apps.v1.DaemonSet(
            name,
            metadata={"name": name, "namespace": self._namespace, "labels": labels(name)},
            spec={
                "selector": {"match_labels": selector(name)},
                "update_strategy": {"type": "RollingUpdate"},
                "template": {
                    "metadata": {"labels": labels(name)},
                    "spec": {
                        "service_account_name": name,
                        "automount_service_account_token": False,
                        "enable_service_links": False,
                        "priority_class_name": "system-node-critical",
                        "node_selector": {POOL_LABEL: "gpu"},
                        "tolerations": [{"key": GPU_TAINT, "operator": "Exists", "effect": "NoSchedule"}],
                        "containers": [mounted],
                        "volumes": [
                            {"name": "kubelet", "host_path": {"path": directory, "type": "Directory"}},
                            {"name": "tmp", "empty_dir": {"size_limit": "16Mi"}},
                        ],
                    },
                },
            },
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=self._after)),
        )


def _plugin(image: str) -> core.ContainerArgsDict:
    return {
        "name": PLUGIN,
        "image": image,
        # A node whose driver is still coming up must not keep the pod from starting.
        "env": [{"name": "FAIL_ON_INIT_ERROR", "value": "false"}],
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "64Mi"},
            "limits": {"memory": "256Mi", "ephemeral-storage": "64Mi"},
        },
    }


def _exporter(image: str) -> core.ContainerArgsDict:
    """No pod may reach it: what gathers metrics does so from the node's own network, as the kubelet does."""
    return {
        "name": EXPORTER,
        "image": image,
        "env": [
            {"name": "DCGM_EXPORTER_LISTEN", "value": f":{METRICS_PORT}"},
            {"name": "DCGM_EXPORTER_KUBERNETES", "value": "true"},
        ],
        "resources": {
            "requests": {"cpu": "50m", "memory": "256Mi", "ephemeral-storage": "64Mi"},
            "limits": {"memory": "1Gi", "ephemeral-storage": "64Mi"},
        },
        "readiness_probe": {
            "http_get": {"path": "/health", "port": METRICS_PORT},
            "period_seconds": 10,
            "timeout_seconds": 5,
        },
        "liveness_probe": {
            "http_get": {"path": "/health", "port": METRICS_PORT},
            "initial_delay_seconds": 45,
            "period_seconds": 30,
            "timeout_seconds": 5,
            "failure_threshold": 6,
        },
    }
