"""When the model gets another pod: by what waits and what its cache holds, which KEDA asks vLLM itself."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from infra.settings.inference import InferenceReplicaSettings, InferenceScalingSettings
from infra.workloads.labels import labels
from infra.workloads.model_server import ModelServer
from infra.workloads.vllm_command import PORT
from infra.workloads.vllm_metrics import KV_CACHE_USAGE, WAITING

KEDA_OPERATOR = "keda-operator"
"""`app.kubernetes.io/name` of the pods that ask."""

POLLING_SECONDS = 15
COOLDOWN_SECONDS = 360
SCALE_DOWN_SECONDS = 600
"""A new pod costs minutes: one that was needed a moment ago stays."""


class ModelScaling(pulumi.ComponentResource):
    """A ScaledObject of KEDA, which has to be in the cluster: 2.20 or newer, which adds up over all pods.

    Never by CPU or GPU use: an engine polls, and is busy whether it has work or not.
    """

    def __init__(
        self,
        name: str,
        settings: InferenceScalingSettings,
        replicas: InferenceReplicaSettings,
        *,
        server: ModelServer,
        namespace: pulumi.Output[str],
        provider: k8s.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:ModelScaling", name, None, opts)
        k8s.apiextensions.CustomResource(
            name,
            api_version="keda.sh/v1alpha1",
            kind="ScaledObject",
            metadata={"name": server.workload, "namespace": namespace, "labels": labels(server.workload)},
            spec={
                "scaleTargetRef": {"name": server.workload},
                "minReplicaCount": replicas.min,
                "maxReplicaCount": replicas.max,
                "pollingInterval": POLLING_SECONDS,
                "cooldownPeriod": COOLDOWN_SECONDS,
                "initialCooldownPeriod": 60,
                "fallback": {"failureThreshold": 3, "replicas": replicas.min},
                "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behaviour()}},
                "triggers": [
                    _trigger(server.workload, namespace, WAITING, f"{settings.waiting_requests}"),
                    _trigger(server.workload, namespace, KV_CACHE_USAGE, f"{settings.cache_percent / 100:g}"),
                ],
            },
            opts=pulumi.ResourceOptions(parent=self, provider=provider, depends_on=[server]),
        )
        self.register_outputs({})


def _behaviour() -> dict[str, Any]:
    one_a_minute = {"type": "Pods", "value": 1, "periodSeconds": 60}
    return {
        "scaleUp": {"policies": [one_a_minute]},
        "scaleDown": {"stabilizationWindowSeconds": SCALE_DOWN_SECONDS, "policies": [one_a_minute]},
    }


def _trigger(workload: str, namespace: pulumi.Output[str], metric: str, target: str) -> dict[str, Any]:
    """The sum over all pods; the autoscaler divides it by their number."""
    return {
        "type": "metrics-api",
        "metricType": "AverageValue",
        "metadata": {
            "url": pulumi.Output.concat("http://", workload, ".", namespace, f".svc:{PORT}/metrics"),
            "format": "prometheus",
            "valueLocation": metric,
            "aggregateFromKubeServiceEndpoints": "true",
            "aggregationType": "sum",
            "targetValue": target,
        },
    }
