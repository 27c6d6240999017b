"""One vLLM pod: the files come first, then the server; nothing else of the node is its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import ModelStore
from infra.sizing.vllm_pod import VllmTiming
from infra.workloads.pods import (
    SECRETS_DIR,
    Mounts,
    container_security,
    environment,
    http_probe,
    pod_security,
    scratch,
    spread_over,
)
from infra.workloads.vllm_command import CACHE_DIR, HEALTH, PORT, WEIGHTS_DIR, VllmCommand
from infra.workloads.weights import Weights
from infra.workloads.weights_copy import copy_container

core = k8s.core.v1

UID = 2000
"""User `vllm` of vLLM's images; with any other, torch fails to find out who it is."""

KEY_FILE = "api-key"
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where a container has it
GPU = "nvidia.com/gpu"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where pods may run."""

    node_selector: dict[str, str]
    gpus: int = 0
    zones: bool = True


@dataclass(frozen=True, kw_only=True)
class ModelPod:
    """What one server of one model is made of."""

    workload: str
    image: pulumi.Input[str]
    command: VllmCommand
    timing: VllmTiming
    weights: Weights
    placement: Placement
    resources: core.ResourceRequirementsArgsDict
    shm_gib: int
    cache_gib: int
    claim: pulumi.Output[str] | None = None
    """A volume for compiled kernels that outlives the pod; without, they live and die with it."""
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def spec(
        self, account: pulumi.Input[str], *, key: Mounts, code: Mounts, store: ModelStore
    ) -> core.PodSpecArgsDict:
        """The pod spec; `key` shows the file with the API key, `code` the program that brings the weights."""
        weights = scratch(WEIGHTS_DIR, f"{self.weights.disk_gib}Gi")
        shared = scratch(SHARED_MEMORY, f"{self.shm_gib}Gi", memory=True)
        cache, tmp = self._cache(), scratch(size="1Gi")
        read_only = Mounts(mounts=[{**one, "read_only": True} for one in weights.mounts])
        everything = weights + shared + cache + tmp + key + code
        pod: core.PodSpecArgsDict = {
            "service_account_name": account,
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": pod_security(UID),
            "termination_grace_period_seconds": self.timing.termination_grace,
            "topology_spread_constraints": spread_over(self.workload, zones=self.placement.zones),
            "node_selector": self.placement.node_selector,
            "volumes": everything.volumes,
            "init_containers": [copy_container(self.weights, self.image, store, weights + tmp + code)],
            "containers": [self._container(read_only + shared + cache + tmp + key)],
        }
        if self.placement.gpus:
            pod["tolerations"] = [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
        return pod

    def _cache(self) -> Mounts:
        if self.claim is None:
            return scratch(CACHE_DIR, f"{self.cache_gib}Gi")
        return Mounts(
            volumes=[{"name": "cache", "persistent_volume_claim": {"claim_name": self.claim}}],
            mounts=[{"name": "cache", "mount_path": CACHE_DIR}],
        )

    def _container(self, mounts: Mounts) -> core.ContainerArgsDict:
        return {
            "name": "vllm",
            "image": self.image,
            "image_pull_policy": "IfNotPresent",
            "command": ["/bin/sh", "-c", self.command.script(f"{SECRETS_DIR}/{KEY_FILE}")],
            "env": environment({**self.command.environment(), **self.environment}),
            "ports": [{"name": "http", "container_port": PORT}],
            "volume_mounts": mounts.mounts,
            "security_context": container_security(),
            "resources": self.resources,
            "startup_probe": http_probe(HEALTH, "http", self.timing.startup),
            "liveness_probe": http_probe(HEALTH, "http", self.timing.liveness),
            "readiness_probe": http_probe(HEALTH, "http", self.timing.readiness),
            # Requests still arrive until every proxy knows; only then SIGTERM, and vLLM's own drain.
            "lifecycle": {"pre_stop": {"sleep": {"seconds": self.timing.pre_stop}}},
            "termination_message_policy": "FallbackToLogsOnError",
        }


def gpu_resources(
    *, gpus: int, cpus: int, memory_gib: int, disk_gib: int
) -> core.ResourceRequirementsArgsDict:
    """Memory and disk are requested and limited alike; the engine may use what CPU is idle."""
    fixed: dict[str, Any] = {
        GPU: str(gpus),
        "memory": f"{memory_gib}Gi",
        "ephemeral-storage": f"{disk_gib}Gi",
    }
    return {"requests": {"cpu": str(cpus), **fixed}, "limits": fixed}
