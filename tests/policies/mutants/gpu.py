"""Pods with GPUs, and the plugin that hands them out, made worse."""

from __future__ import annotations

from typing import Any

from tests.policies.mutants.mutant import mutant
from tests.policies.mutants.pods import LABELS, MAIN, SERVER, SPEC, sidecar
from tests.support.policies import R, add, both, put

GPU = "nvidia.com/gpu"
PLUGIN = "kubernetes:apps/v1:DaemonSet::nvidia-device-plugin"
STATED = {"memory": "4Gi", "ephemeral-storage": "1Gi"}
WANTED = both(
    put(SERVER, f"{MAIN}.resources.limits", {**STATED, GPU: 1}),
    put(SERVER, f"{SPEC}.tolerations", [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]),
    put(SERVER, f"{SPEC}.nodeSelector", {"roost.dev/pool": "gpu"}),
)
"""The server asks for a GPU as it should."""


def plugin(namespace: str, **fields: Any) -> R:
    """A device plugin that mounts its directory of the node, and is restricted otherwise."""
    alive = {"exec": {"command": ["/alive"]}}
    container = {**sidecar(), "readinessProbe": alive, "livenessProbe": {**alive, "failureThreshold": 6}}
    volume = {"name": "plugins", "hostPath": {"path": "/var/lib/kubelet/device-plugins"}}
    pod = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "automountServiceAccountToken": False,
        "serviceAccountName": "device-plugin",
        "containers": [container],
        "volumes": [volume],
        **fields,
    }
    return R(
        "kubernetes:apps/v1:DaemonSet",
        {
            "metadata": {"name": "device-plugin", "namespace": namespace, "labels": LABELS},
            "spec": {"template": {"spec": pod}},
        },
        name="device-plugin",
    )


MUTANTS = (
    mutant("the server asks for a GPU as it should", WANTED),
    mutant(
        "without a toleration",
        both(WANTED, put(SERVER, f"{SPEC}.tolerations", [])),
        "gpu-request",
    ),
    mutant("for any node", both(WANTED, put(SERVER, f"{SPEC}.nodeSelector", {})), "gpu-request"),
    mutant(
        "requested, and not limited",
        both(
            WANTED,
            put(SERVER, f"{MAIN}.resources.requests", {"cpu": "1", **STATED, GPU: 1}),
            put(SERVER, f"{MAIN}.resources.limits", STATED),
        ),
        "gpu-request",
    ),
    mutant(
        "with its node's memory",
        both(WANTED, put(SERVER, f"{SPEC}.hostIPC", True)),
        "gpu-request",
        "pss-hostnamespaces",
    ),
    mutant(
        "a plugin of which nobody knows",
        add(plugin("gpu-system")),
        "gpu-plugin-fenced",
        "k8s-image-signed",
        "pss-hostpathvolumes",
        "pss-restrictedvolumes",
    ),
    mutant(
        "the plugin is of an image that nobody knows",
        put(PLUGIN, f"{MAIN}.image", sidecar()["image"]),
        "gpu-plugin-fenced",
    ),
    mutant(
        "a plugin among the platform's own pods, and in their node's processes",
        add(plugin("roost", hostPID=True)),
        "gpu-plugin-fenced",
        "k8s-image-signed",
        "pss-hostnamespaces",
        "pss-hostpathvolumes",
        "pss-restrictedvolumes",
    ),
)
