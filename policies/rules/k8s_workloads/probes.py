"""How Kubernetes finds out whether a pod works."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.images import image
from policies.lib.kubernetes import each_container
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value

_LONG_RUNNING = types(*(f"kubernetes:apps/v1:{kind}" for kind in ("Deployment", "StatefulSet", "DaemonSet")))
_ASKED = {"readinessProbe": "gets requests before it can answer them", "livenessProbe": "hangs for ever"}
_HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")


class Probes(Settings):
    """Which containers take long to start."""

    slow: tuple[str, ...] = Field(
        default=("vllm",),
        description="Words in the names of images that load for minutes and need a startup probe.",
    )


@resource_rule(
    "k8s-probes",
    _LONG_RUNNING,
    title="Containers say when they are ready and when they hang",
    why="Without readiness, requests reach a pod that cannot answer; without liveness, one that hangs stays. "
    "A liveness probe no more patient than the readiness probe restarts every pod of a busy service.",
    fix="Give each container both probes, the liveness probe asking something else or waiting longer; a slow "
    "one a startup probe, too.",
    severity=Severity.LOW,
    refs="CKV K8S_8, CKV K8S_9",
    url="https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
    dev="advisory",
    prod="mandatory",
    settings=Probes,
)
def probes(workload: Resource, check: Check) -> None:
    slow = check.settings(Probes).slow

    def judge(container: Value) -> None:
        for name, harm in _ASKED.items():
            with check.part():
                if not container[name].entries():
                    check.violation(f"a container without {name} {harm}", container[name])
        with check.part():
            ready, alive = container["readinessProbe"], container["livenessProbe"]
            if (
                ready.entries()
                and _handler(ready) == _handler(alive)
                and _patience(alive) <= _patience(ready)
            ):
                check.violation("a container is restarted as soon as it is not ready", alive)
        with check.part():
            startup = container["startupProbe"]
            if not startup.entries() and _is_slow(container["image"], slow):
                check.violation("a container that loads for minutes has no startup probe", startup)

    each_container(workload, check, judge, lists=("containers",))


def _handler(probe: Value) -> list[tuple[str, str]]:
    return sorted(
        (leaf.path.removeprefix(probe.path), leaf.text())
        for name in _HANDLERS
        for leaf in probe[name].leaves()
    )


def _patience(probe: Value) -> float:
    """For how many seconds it may fail."""
    return probe["failureThreshold"].number(default=3) * probe["periodSeconds"].number(default=10)


def _is_slow(reference: Value, slow: tuple[str, ...]) -> bool:
    return any(word in image(reference.text()).repository for word in slow)
