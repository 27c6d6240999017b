"""What a kubelet writes into the status of nodes and pods."""

from __future__ import annotations

from datetime import UTC, datetime

from local.plugins.kubernetes.objects import Object, dig

_CONDITIONS = ("PodScheduled", "Initialized", "ContainersReady", "Ready")


def node_ready() -> Object:
    """A heartbeat."""
    ready = {"type": "Ready", "status": "True", "reason": "Played", "lastHeartbeatTime": _now()}
    return {"status": {"conditions": [ready]}}


def unschedulable(selector: Object) -> Object:
    """No node has these labels."""
    wanted = ", ".join(f"{key}={value}" for key, value in selector.items())
    message = f"no node matches the pod's node selector {wanted}"
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"conditions": [condition]}


def creating(pod: Object, why: str) -> Object:
    """The containers cannot start yet, because of `why`."""
    state = {"waiting": {"reason": "ContainerCreating", "message": why}}
    return {
        "containerStatuses": [_container(c, state, ready=False) for c in pod["spec"]["containers"]],
        "conditions": _conditions(ready=False, containers=False),
    }


def waits_for(status: Object) -> str:
    """Why the containers of a pod with this status have not started, as far as it says."""
    return dig(status, "containerStatuses", 0, "state", "waiting", "message", default="")


def running(pod: Object, address: str, *, ready: bool) -> Object:
    """All containers run; whether the pod is ready besides depends on more than these."""
    now = _now()
    state = {"running": {"startedAt": now}}
    return {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": now,
        "conditions": _conditions(ready=ready, containers=True),
        "containerStatuses": [_container(c, state, ready=True) for c in pod["spec"]["containers"]],
    }


def readiness(*, ready: bool) -> Object:
    """Only the readiness of a running pod changes."""
    return {"conditions": [c for c in _conditions(ready=ready, containers=True) if c["type"] == "Ready"]}


def ended(pod: Object, error: str | None) -> Object:
    """All containers have ended: with `error` as their last words, or well."""
    now = _now()
    state = {
        "terminated": {
            "exitCode": 1 if error else 0,
            "reason": "Error" if error else "Completed",
            "message": error or "",
            "startedAt": now,
            "finishedAt": now,
        }
    }
    return {
        "phase": "Failed" if error else "Succeeded",
        "startTime": now,
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": now}],
        "containerStatuses": [_container(c, state, ready=False) for c in pod["spec"]["containers"]],
    }


def is_ready(pod: Object) -> bool:
    """Whether the pod's status says so."""
    return _says(pod, "Ready")


def gates_met(pod: Object) -> bool:
    """Whether every readiness gate's condition is true."""
    gates: list[Object] = dig(pod, "spec", "readinessGates", default=[])
    return all(_says(pod, gate["conditionType"]) for gate in gates)


def _says(pod: Object, kind: str) -> bool:
    conditions: list[Object] = dig(pod, "status", "conditions", default=[])
    return any(c["type"] == kind and c["status"] == "True" for c in conditions)


def _conditions(*, ready: bool, containers: bool) -> list[Object]:
    values = {"ContainersReady": containers, "Ready": ready}
    return [
        {"type": kind, "status": str(values.get(kind, True)), "lastTransitionTime": _now()}
        for kind in _CONDITIONS
    ]


def _container(container: Object, state: Object, *, ready: bool) -> Object:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": container["image"],
        "ready": ready,
        "restartCount": 0,
        "state": state,
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
