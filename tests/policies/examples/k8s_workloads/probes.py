"""How Kubernetes finds out whether a pod works."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
SPEC = "spec.template.spec"
FIRST = f"{SPEC}.containers[0]"


def http(path: str, **numbers: float) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}, **numbers}


def container() -> dict[str, Any]:
    return {
        "image": "registry.example.com/server:1",
        "readinessProbe": http("/ready", periodSeconds=5, failureThreshold=3),
        "livenessProbe": http("/health", periodSeconds=10, failureThreshold=6),
    }


EXAMPLES = (
    Example(
        "k8s-probes",
        good=(
            R(DEPLOYMENT, {"spec": {"template": {"spec": {"containers": [container(), container()]}}}}),
            R(
                STATEFUL_SET,
                {
                    "spec": {
                        "template": {
                            "spec": {
                                "containers": [
                                    {
                                        **container(),
                                        "image": "registry.example.com/vllm/vllm-openai:v0.11",
                                        "startupProbe": http("/health", failureThreshold=100),
                                    }
                                ],
                                "initContainers": [{"image": "registry.example.com/prepare"}],
                            }
                        }
                    }
                },
                name="model",
            ),
        ),
        bad={
            "no readiness probe": drop("it", f"{FIRST}.readinessProbe"),
            "no liveness probe": drop("it", f"{SPEC}.containers[1].livenessProbe"),
            "probes that ask nothing": Bad(
                both(put("it", f"{FIRST}.livenessProbe", {}), put("it", f"{FIRST}.readinessProbe", {})), 2
            ),
            "both ask the same as often": put(
                "it", f"{FIRST}.livenessProbe", http("/ready", periodSeconds=5, failureThreshold=3)
            ),
            "liveness is the less patient one": put(
                "it", f"{FIRST}.livenessProbe", http("/ready", periodSeconds=1)
            ),
            "the same with the defaults of Kubernetes": both(
                put("it", f"{FIRST}.livenessProbe", {"tcpSocket": {"port": 80}}),
                put("it", f"{FIRST}.readinessProbe", {"tcpSocket": {"port": 80}, "periodSeconds": 10}),
            ),
            "a slow loader without a startup probe": drop("model", f"{FIRST}.startupProbe"),
        },
        fine={
            "both ask the same, but liveness waits": put(
                "it", f"{FIRST}.livenessProbe", http("/ready", periodSeconds=10, failureThreshold=6)
            ),
        },
        open={
            "nobody knows the containers": put("it", f"{SPEC}.containers", UNKNOWN),
            "nor a probe": put("it", f"{FIRST}.readinessProbe", UNKNOWN),
        },
    ),
)
