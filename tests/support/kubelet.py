"""Plays scheduler and kubelet where no node runs: every pod is reported running, and Jobs' pods finished.

Everything else is real: the API server, the controllers that count these pods, and whoever waits for them.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kubernetes import client, config

from tests.support.controlplane import ControlPlane

_PERIOD_SECONDS = 0.25
_NODE = "roost"
_NAMESPACE = "roost"
_JOB = "batch.kubernetes.io/job-name"


@dataclass
class Kubelet:
    """Runs in a thread between `start` and `stop`; `failing` maps a Job's name to its error."""

    plane: ControlPlane
    failing: dict[str, str] = field(default_factory=dict[str, str])
    errors: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._addresses = (f"10.202.{i // 250}.{i % 250 + 1}" for i in itertools.count())
        self._api = client.CoreV1Api(config.new_client_from_config(str(self.plane.kubeconfig)))

    def start(self) -> Kubelet:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        self._api.create_node({"metadata": {"name": _NODE}})
        while not self._stopped.wait(_PERIOD_SECONDS):
            try:
                self._beat()
                for pod in self._api.list_namespaced_pod(_NAMESPACE).items:
                    self._report(pod)
            except client.ApiException as error:
                if error.status not in (404, 409):
                    self.errors.append(str(error))

    def _beat(self) -> None:
        """A node that falls silent would have its pods marked as not ready."""
        ready = {"type": "Ready", "status": "True", "reason": "Played", "lastHeartbeatTime": _now()}
        self._api.patch_node_status(_NODE, {"status": {"conditions": [ready]}})

    def _report(self, pod: Any) -> None:
        name = pod.metadata.name
        if pod.metadata.deletion_timestamp is not None:
            self._api.delete_namespaced_pod(name, _NAMESPACE, grace_period_seconds=0)
        elif pod.spec.node_name is None:
            binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": _NODE}}
            self._api.create_namespaced_binding(_NAMESPACE, binding, _preload_content=False)
        elif pod.status.phase == "Pending":
            job = pod.metadata.labels.get(_JOB)
            status = self._running(pod) if job is None else self._finished(pod, self.failing.get(job))
            self._api.patch_namespaced_pod_status(name, _NAMESPACE, {"status": status})

    def _running(self, pod: Any) -> dict[str, Any]:
        address, now = next(self._addresses), _now()
        conditions = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        return {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": now,
            "conditions": [{"type": c, "status": "True", "lastTransitionTime": now} for c in conditions],
            "containerStatuses": [
                _container(c, {"running": {"startedAt": now}}, ready=True) for c in pod.spec.containers
            ],
        }

    def _finished(self, pod: Any, error: str | None) -> dict[str, Any]:
        now = _now()
        ended = {"exitCode": 1 if error else 0, "reason": "Error" if error else "Completed"}
        ended |= {"message": error or "", "startedAt": now, "finishedAt": now}
        return {
            "phase": "Failed" if error else "Succeeded",
            "startTime": now,
            "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": now}],
            "containerStatuses": [
                _container(c, {"terminated": ended}, ready=False) for c in pod.spec.containers
            ],
        }


def _container(container: Any, state: dict[str, Any], *, ready: bool) -> dict[str, Any]:
    return {
        "name": container.name,
        "image": container.image,
        "imageID": container.image,
        "ready": ready,
        "restartCount": 0,
        "state": state,
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
