"""Why an object is not ready: its conditions, its Warning events, and its failing containers' last words."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from local.plugins.kubernetes.await_.verdict import describe
from local.plugins.kubernetes.client import Api
from local.plugins.kubernetes.errors import ApiError, ClusterUnreachableError
from local.plugins.kubernetes.objects import Object, dig, name_of, namespace_of

_LOG_LINES = 20
_LOG_BYTES = 64 * 1024
_PODS = 2
_REASONS = 10
# Conditions that are bad when true; all others that workloads have are bad when false.
_BAD_WHEN_TRUE = frozenset({"Failed", "ReplicaFailure", "DisruptionTarget"})
_NEUTRAL = frozenset(
    {"Complete", "FailureTarget", "SuccessCriteriaMet", "Suspended", "PodReadyToStartContainers"}
)
_NORMAL_WAITS = frozenset({"ContainerCreating", "PodInitializing", ""})


def explain(api: Api, obj: Object, why: str) -> list[str]:
    """`why`, then what else is known, each thing once. Never fails: it explains failures."""
    reasons = [why]
    try:
        reasons += [text for text in map(describe, filter(_bad, _conditions_of(obj))) if text not in why]
        pods = _failing(_pods(api, obj))
        reasons += _pod_stories(api, pods)
        known = "\n".join(reasons)
        for event in _events(api, [obj, *pods]):
            message = str(event.get("message", "")).strip()
            if message not in known:
                reasons.append(f"event {event.get('reason')}: {message}")
                known += message
    except (ApiError, ClusterUnreachableError) as error:
        reasons.append(f"no further explanation could be read: {error}")
    return reasons[:_REASONS]


def brief(api: Api, obj: Object) -> str:
    """The first container problem in a few words, or the empty string."""
    try:
        for pod in _failing(_pods(api, obj)):
            for container, _ in _containers(pod):
                trouble = _trouble(container)
                if trouble:
                    return f"pod {name_of(pod)}: {trouble}"
    except (ApiError, ClusterUnreachableError):
        pass
    return ""


def _bad(found: Object) -> bool:
    kind = found.get("type")
    return kind not in _NEUTRAL and found.get("status") == ("True" if kind in _BAD_WHEN_TRUE else "False")


def _pods(api: Api, obj: Object) -> list[Object]:
    if obj.get("kind") == "Pod":
        return [obj]
    selector = _selector(obj)
    if not selector:
        return []
    path = f"/api/v1/namespaces/{namespace_of(obj)}/pods"
    return dig(api.get(path, labelSelector=selector), "items", default=[])


def _selector(obj: Object) -> str:
    """The label selector of the pods that an object owns or, for a Service, uses."""
    if obj.get("kind") == "Service":
        labels: Object = dig(obj, "spec", "selector", default={})
    elif obj.get("kind") in ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet"):
        labels = dig(obj, "spec", "selector", "matchLabels", default={})
    else:
        return ""
    terms = [f"{key}={value}" for key, value in labels.items()]
    return ",".join(
        terms + [_expression(e) for e in dig(obj, "spec", "selector", "matchExpressions", default=[])]
    )


def _expression(expression: Object) -> str:
    key, values = expression["key"], ",".join(dig(expression, "values", default=[]))
    return {
        "In": f"{key} in ({values})",
        "NotIn": f"{key} notin ({values})",
        "Exists": key,
        "DoesNotExist": f"!{key}",
    }[expression["operator"]]


def _failing(pods: list[Object]) -> list[Object]:
    """The newest pods that are not as they should be."""
    broken = [pod for pod in pods if dig(pod, "status", "phase") != "Succeeded" and not _is_ready(pod)]
    broken.sort(key=lambda pod: str(dig(pod, "metadata", "creationTimestamp", default="")), reverse=True)
    return broken[:_PODS]


def _is_ready(pod: Object) -> bool:
    return any(
        c.get("type") == "Ready" and c.get("status") == "True"
        for c in dig(pod, "status", "conditions", default=[])
    )


def _containers(pod: Object) -> Iterator[tuple[Object, str]]:
    for field, word in (("initContainerStatuses", "init container"), ("containerStatuses", "container")):
        for status in dig(pod, "status", field, default=[]):
            yield status, word


def _pod_stories(api: Api, pods: list[Object]) -> list[str]:
    stories: list[str] = []
    for pod in pods:
        if dig(pod, "status", "phase") == "Pending":
            scheduled = [c for c in _conditions_of(pod) if c.get("type") == "PodScheduled" and _bad(c)]
            stories += [f"pod {name_of(pod)}: {describe(c)}" for c in scheduled]
        for container, word in _containers(pod):
            trouble = _trouble(container)
            if trouble:
                log = [line for line in _log(api, pod, container) if line.strip()]
                # Last words may have been taken from the log: once is enough.
                more = "" if log and log[-1] in trouble else _quoted("last log lines:", log)
                stories.append(f"pod {name_of(pod)}, {word} {container.get('name')}: {trouble}{more}")
    return stories


def _conditions_of(obj: Object) -> list[Object]:
    return dig(obj, "status", "conditions", default=[])


def _trouble(container: Object) -> str:
    """What is wrong with a container, or the empty string."""
    waiting: Object = dig(container, "state", "waiting", default={})
    ended: Object = dig(container, "state", "terminated", default={})
    before: Object = dig(container, "lastState", "terminated", default={})
    parts: list[str] = []
    if waiting.get("reason", "") not in _NORMAL_WAITS:
        parts.append(f"{waiting['reason']}: {waiting.get('message', 'no message')}")
    for state, when in ((ended, "ended"), (before, "ended before")):
        if state and state.get("exitCode", 0) != 0:
            parts.append(_ending(state, when))
    if not parts and dig(container, "state", "running") and not container.get("ready", True):
        parts.append(f"running, but not ready, after {container.get('restartCount', 0)} restarts")
    return "; ".join(parts)


def _ending(state: Object, when: str) -> str:
    message = str(state.get("message") or "").strip().splitlines()
    told = f": {message[0]}" if len(message) == 1 else _quoted("its last words:", message[-_LOG_LINES:])
    return f"{when} with exit code {state.get('exitCode')} ({state.get('reason', 'Error')}){told}"


def _quoted(title: str, lines: list[str]) -> str:
    return "".join(f"\n    | {line}" for line in [title, *lines]) if lines else ""


def _log(api: Api, pod: Object, container: Object) -> list[str]:
    """The last lines of the container, or of its previous run if the current one has not begun."""
    restarted = bool(dig(container, "lastState", "terminated"))
    previous = restarted and not dig(container, "state", "terminated")
    path = f"/api/v1/namespaces/{namespace_of(pod)}/pods/{quote(name_of(pod))}/log"
    try:
        text = api.text(
            path,
            container=str(container.get("name")),
            tailLines=str(_LOG_LINES),
            limitBytes=str(_LOG_BYTES),
            previous=str(previous).lower(),
        )
    except (ApiError, ClusterUnreachableError):
        return []  # a container that never started has none
    return text.rstrip().splitlines()[-_LOG_LINES:]


def _events(api: Api, objects: list[Object]) -> list[Object]:
    found: list[Object] = []
    for obj in objects:
        # The events of a cluster-scoped object are kept in the namespace `default`.
        path = f"/api/v1/namespaces/{namespace_of(obj) or 'default'}/events"
        uid = dig(obj, "metadata", "uid", default="")
        listed = api.get(path, fieldSelector=f"involvedObject.uid={uid},type=Warning", limit="50")
        found += dig(listed, "items", default=[])
    found.sort(key=_when, reverse=True)
    return found


def _when(event: Object) -> str:
    times = (event.get("lastTimestamp"), event.get("eventTime"), dig(event, "metadata", "creationTimestamp"))
    return next((str(time) for time in times if time), "")
