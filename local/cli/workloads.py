"""Pods of the stack: how they are, how much memory they use, and how to replace the server's."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.cli import kubectl
from local.cli.platform import Target
from local.progress import PhaseError, Progress

NAMESPACES = ("roost", "kube-system")
POLL_SECONDS = 0.5


@dataclass(frozen=True)
class PodStatus:
    """One pod; `since` is Unix time, `memory` bytes of its working set, None when nobody measures it."""

    namespace: str
    name: str
    state: str
    restarts: int
    since: float
    memory: int | None


def pods(target: Target) -> list[PodStatus]:
    """The pods of our namespaces, workloads first."""
    memory = _memory(target)
    rows = [
        _status(item, memory)
        for item in kubectl.get(target, "pods", "--all-namespaces")["items"]
        if item["metadata"]["namespace"] in NAMESPACES
    ]
    return sorted(rows, key=lambda row: (NAMESPACES.index(row.namespace), row.name))


def _status(item: Mapping[str, Any], memory: Mapping[str, int]) -> PodStatus:
    metadata, status = item["metadata"], item["status"]
    containers = status.get("containerStatuses", [])
    return PodStatus(
        namespace=metadata["namespace"],
        name=metadata["name"],
        state=state_of(item),
        restarts=sum(container["restartCount"] for container in containers),
        since=datetime.fromisoformat(status.get("startTime") or metadata["creationTimestamp"]).timestamp(),
        memory=memory.get(metadata["uid"]),
    )


def state_of(item: Mapping[str, Any]) -> str:
    """`ready`, `done`, `stopping`, or why the pod is not ready."""
    status = item["status"]
    if "deletionTimestamp" in item["metadata"]:
        return "stopping"
    if status["phase"] == "Succeeded":
        return "done"
    for container in status.get("containerStatuses", []) + status.get("initContainerStatuses", []):
        waiting = container.get("state", {}).get("waiting")
        if waiting and waiting.get("reason") not in (None, "PodInitializing"):
            return waiting["reason"]
    conditions = {condition["type"]: condition for condition in status.get("conditions", [])}
    if conditions.get("Ready", {}).get("status") == "True":
        return "ready"
    return conditions.get("PodScheduled", {}).get("reason") or status["phase"].lower()


def _memory(target: Target) -> dict[str, int]:
    """Working set by pod UID, from the kubelet of every node; {} where it may not be asked."""
    found: dict[str, int] = {}
    try:
        for node in kubectl.get(target, "nodes")["items"]:
            path = f"/api/v1/nodes/{node['metadata']['name']}/proxy/stats/summary"
            for pod in json.loads(kubectl.run(target, "get", "--raw", path)).get("pods", []):
                if "workingSetBytes" in pod.get("memory", {}):
                    found[pod["podRef"]["uid"]] = pod["memory"]["workingSetBytes"]
    except PhaseError:
        return {}
    return found


@dataclass(frozen=True)
class ServerPods:
    """The pods behind the Deployment `server`."""

    target: Target
    namespace: str

    def pods(self) -> list[str]:
        """Names of the pods that are ready."""
        return [item["metadata"]["name"] for item in self._items() if state_of(item) == "ready"]

    def replace(self, progress: Progress, seconds: float) -> int:
        """Delete every pod (not a rollout: the Deployment stays as Pulumi made it) and wait for new ones."""
        old = self.pods()
        if not old:
            raise PhaseError(
                "The server has no pod that is ready.",
                "`make status` and `make logs SERVICE=server` say why.",
            )
        kubectl.run(self.target, "-n", self.namespace, "delete", "pod", *old, "--wait=false")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            new = [name for name in self.pods() if name not in old]
            progress.advance(min(len(new), len(old)), len(old), "new server pods")
            if len(new) >= len(old):
                return len(old)
            time.sleep(POLL_SECONDS)
        raise PhaseError(
            f"The server's new pods were not ready within {seconds:.0f} s.",
            "`make status` and `make logs SERVICE=server` say why; `make proof` tries again.",
        )

    def _items(self) -> list[dict[str, Any]]:
        deployment = kubectl.get(self.target, "-n", self.namespace, "deployment", "server")
        labels = deployment["spec"]["selector"]["matchLabels"]
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        return kubectl.get(self.target, "-n", self.namespace, "pods", f"--selector={selector}")["items"]
