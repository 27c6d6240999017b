"""Kubernetes' Pod Security Standards: a version, a level, and a pod as their checks see it.

The rules beside this port the checks of `k8s.io/pod-security-admission`. Names and versions are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, cast

from pydantic import Field

from policies.lib.check import Check
from policies.lib.kubernetes import CONTAINER_LISTS, Pod, pod
from policies.lib.resources import Resource
from policies.lib.settings import Settings
from policies.lib.values import Undetermined, Value
from policies.lib.versions import parse

_NEWER_THAN_ALL = 10**9


class PodSecurity(Settings):
    """By which version and level of the standard pods are judged; namespaces have labels for the same two."""

    version: str = Field(
        default="v1.36",
        pattern=r"^(latest|v1\.(0|[1-9][0-9]{0,3}))$",
        description="Version of the Pod Security Standards, as `v1.36`; or `latest`, the newest known here.",
    )
    level: Literal["baseline", "restricted"] = Field(
        default="restricted", description="Level of the Pod Security Standards."
    )

    def since(self, minor: int) -> bool:
        """Whether what came with v1.`minor` holds."""
        return (_NEWER_THAN_ALL if self.version == "latest" else parse(self.version).numbers[1]) >= minor

    def restricted_since(self, minor: int) -> bool:
        """Whether what came with v1.`minor` for the level `restricted` holds."""
        return self.level == "restricted" and self.since(minor)


@dataclass(frozen=True)
class Excuse:
    """What lifts a check from a whole pod. It is asked only where it matters: it may be unknown."""

    holds: Callable[[], bool]
    """Raises Undetermined if it is not known."""

    @property
    def surely(self) -> bool:
        """Whether it is known to hold."""
        try:
            return self.holds()
        except Undetermined:
            return False


@dataclass(frozen=True)
class JudgedPod:
    """A pod, and by what it is judged."""

    pod: Pod
    check: Check
    standard: PodSecurity

    def containers(self) -> Iterator[Value]:
        """Its containers of every sort."""
        for name in CONTAINER_LISTS:
            yield from self.each(self.pod.spec[name])

    def each(self, values: Value) -> list[Value]:
        """The elements of a list; if the list is unknown none, and that is undecided."""
        with self.check.part():
            return values.items()
        return []

    def contexts(self) -> Iterator[Value]:
        """The security context of the pod, and those of its containers."""
        yield self.context
        for container in self.containers():
            yield container["securityContext"]

    @property
    def context(self) -> Value:
        """The security context of the pod as a whole."""
        return self.pod.spec["securityContext"]

    def windows(self, since: int) -> Excuse:
        """The pod is for Windows, which has none of what the check is about."""
        name = self.pod.spec.at("os.name")
        return Excuse(lambda: self.standard.since(since) and name.text() == "windows")

    def user_namespace(self, since: int) -> Excuse:
        """The pod has users of its own, so that its root is nobody on the node."""
        host = self.pod.spec["hostUsers"]
        return Excuse(lambda: self.standard.since(since) and not host.truth(default=True))


def judged(resource: Resource, check: Check) -> JudgedPod:
    """The pod of one of `types.WORKLOADS`, under the settings of the rule that judges."""
    return JudgedPod(pod(resource), check, check.settings(PodSecurity))


def standard(settings: Settings) -> PodSecurity:
    """The settings that a remedy is handed, as what they are."""
    return cast("PodSecurity", settings)
