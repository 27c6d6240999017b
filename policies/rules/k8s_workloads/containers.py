"""What a container may write to, and how much of its node it may use."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.kubernetes import each_container, pod
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS
from policies.lib.values import Value

_GUIDE = "https://kubernetes.io/docs/concepts"
_ALWAYS = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))
_WITH_RESOURCES = ("containers", "initContainers")
"""Kubernetes refuses resources of ephemeral containers."""
_DISK = (("requests", "ephemeral-storage"), ("limits", "ephemeral-storage"))


@resource_rule(
    "k8s-ro-rootfs",
    WORKLOADS,
    title="Containers cannot write to their image, and scratch directories have a size",
    why="Who breaks into a container that can write to itself can leave tools behind; a directory without a "
    "size fills the node's disk for everybody.",
    fix="Set readOnlyRootFilesystem to true, and write to an emptyDir with a sizeLimit.",
    severity=Severity.MEDIUM,
    refs="CKV K8S_22, NSA C-0017",
    url="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
    dev="advisory",
    prod="mandatory",
)
def read_only(workload: Resource, check: Check) -> None:
    def judge(container: Value) -> None:
        flag = container["securityContext"]["readOnlyRootFilesystem"]
        if not flag.truth(default=False):
            check.violation("a container can write to its root file system", flag)

    each_container(workload, check, judge)
    for volume in pod(workload).spec["volumes"].items():
        with check.part():
            scratch = volume["emptyDir"]
            # `emptyDir: {}` is one, too.
            if scratch.present and not (scratch.entries() and scratch["sizeLimit"].present):
                check.violation("an emptyDir has no size limit", scratch["sizeLimit"])


class Resources(Settings):
    """What containers have to state."""

    ephemeral_storage: bool = Field(
        default=True, description="Whether the local disk is to be requested and limited, too."
    )


@resource_rule(
    "k8s-resources",
    WORKLOADS,
    title="Containers state what they need and where they stop",
    why="Without requests the scheduler overbooks nodes; without limits one leak takes its neighbours down.",
    fix="Set requests for CPU, memory and ephemeral storage, and limits for memory and ephemeral storage.",
    severity=Severity.MEDIUM,
    refs="CKV K8S_10, CKV K8S_11, CKV K8S_12, CKV K8S_13, NSA C-0270, NSA C-0271",
    url=f"{_GUIDE}/configuration/manage-resources-containers/",
    dev="advisory",
    prod="mandatory",
    settings=Resources,
    departs="No CPU limit is asked for: it throttles a pod beside an idle CPU. A limit without a request "
    "counts as both, as it does in Kubernetes.",
)
def resources(workload: Resource, check: Check) -> None:
    wanted = _ALWAYS + (_DISK if check.settings(Resources).ephemeral_storage else ())

    shared = pod(workload).spec["resources"]

    def judge(container: Value) -> None:
        own = container["resources"]
        for kind, what in wanted:
            # Kubernetes takes the limit as the request of a container that has only a limit.
            sides = ("limits", "requests") if kind == "requests" else ("limits",)
            with check.part():
                if not any(_states(one[side], what) for one in (own, shared) for side in sides):
                    check.violation(f"a container states no {kind} of {what}", own[kind][what])

    each_container(workload, check, judge, lists=_WITH_RESOURCES)


def _states(amounts: Value, what: str) -> bool:
    return what in amounts.entries() and amounts[what].present
