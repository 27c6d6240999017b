"""Pods that use GPUs, and the plugin that hands them out."""

from __future__ import annotations

from dataclasses import replace

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.images import image
from policies.lib.kubernetes import Pod, namespace, pod
from policies.lib.logic import all_hold, any_holds
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS, types
from policies.lib.values import Value

VENDOR = "nvidia.com/"
"""What its resources, labels and taints begin with."""
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where a container has it, and no file of ours
DEVICE_PLUGINS = "/var/lib/kubelet/device-plugins"
_ON_EVERY_NODE = frozenset({"kubernetes.io/os", "kubernetes.io/arch"})
_REQUIRED_NODES = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
_HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")


class GpuNodes(Settings):
    """How nodes with GPUs are kept for those that use them."""

    taint: str = Field(default="nvidia.com/gpu", description="Key of the taint of nodes with GPUs.")


class GpuPlugin(GpuNodes):
    """Who may reach into such nodes."""

    namespaces: tuple[str, ...] = Field(
        default=("gpu-system",), description="Namespaces whose plugins may reach into nodes with GPUs."
    )
    images: tuple[str, ...] = Field(
        default=(), description="The images that may, each as `repository@sha256:…`; none unless named."
    )


def _gpus(container: Value, kind: str) -> dict[str, Value]:
    """The GPUs under `limits` or `requests`, by resource name; zero of them are none."""
    return {
        name: amount
        for name, amount in container["resources"][kind].entries().items()
        if name.startswith(VENDOR) and amount.present and not (amount.known and amount.number(default=0) == 0)
    }


def _tolerates(toleration: Value, taint: str) -> bool:
    """Whether it lets a pod onto nodes with that taint, by name."""
    return toleration["key"].text() == taint and toleration["effect"].text() in ("", "NoSchedule")


def _tolerates_all(toleration: Value) -> bool:
    """Whether it lets a pod onto every node."""
    return (
        not toleration["key"].present
        and toleration["operator"].text() == "Exists"
        and toleration["effect"].text() in ("", "NoSchedule")
    )


def _selects_nodes(spec: Value) -> bool:
    labels = set(spec["nodeSelector"].entries())
    return bool(labels - _ON_EVERY_NODE) or bool(spec.at(_REQUIRED_NODES).items())


@resource_rule(
    "gpu-request",
    WORKLOADS,
    title="A pod with a GPU asks for it, goes where GPUs are, and shares no more with its node",
    why="Without a limit and a toleration it waits for ever or lands beside the GPU; with privileges or the "
    "node's memory it reads what other models do.",
    fix="Limit nvidia.com/gpu, tolerate its taint, select its nodes, and take shared memory from an emptyDir "
    "of medium Memory with a sizeLimit.",
    severity=Severity.HIGH,
    refs="PSS Privileged Containers, PSS Host Namespaces",
    dev="mandatory",
    prod="mandatory",
    url="https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/",
    settings=GpuNodes,
)
def gpu_request(resource: Resource, check: Check) -> None:
    found = pod(resource)
    users = [one for one in found.containers() if _gpus(one, "limits") or _gpus(one, "requests")]
    if not users:
        return
    for container in found.containers():
        with check.part():
            privileged = container.at("securityContext.privileged")
            if privileged.truth(default=False):
                check.violation("a container of a pod with a GPU is privileged", privileged)
    for container in users:
        _check_amounts(container, check)
        _check_shared_memory(container, found, check)
    with check.part():
        shared = found.spec["hostIPC"]
        if shared.truth(default=False):
            check.violation("a pod with a GPU shares its node's memory", shared)
    taint = check.settings(GpuNodes).taint
    with check.part():
        tolerations = found.spec["tolerations"]
        wanted = [
            lambda one=one: _tolerates(one, taint) or _tolerates_all(one) for one in tolerations.items()
        ]
        if not any_holds(*wanted):
            check.violation("the taint of nodes with GPUs is not tolerated", tolerations)
    with check.part():
        if not _selects_nodes(found.spec):
            check.violation("nothing says that it goes to nodes with GPUs", found.spec["nodeSelector"])


def _check_amounts(container: Value, check: Check) -> None:
    limits, requests = _gpus(container, "limits"), _gpus(container, "requests")
    for name in sorted({*limits, *requests}):
        with check.part():
            if name not in limits:
                check.violation("a container requests a GPU without a limit", container["resources"])
            elif name in requests and requests[name].number(default=0) != limits[name].number(default=0):
                check.violation("a container requests less of a GPU than its limit", container["resources"])


def _check_shared_memory(container: Value, found: Pod, check: Check) -> None:
    with check.part():
        for mount in container["volumeMounts"].items():
            with check.part():
                if mount["mountPath"].text().rstrip("/") != SHARED_MEMORY:
                    continue
                if not _is_limited_memory(found, mount["name"].text()):
                    check.violation("shared memory is no emptyDir in memory with a limit", mount)


def _is_limited_memory(found: Pod, name: str) -> bool:
    """Whether the pod's volume of that name is memory, and bounded."""

    def is_it(volume: Value) -> bool:
        scratch = volume["emptyDir"]
        in_memory = scratch["medium"].text() == "Memory" and scratch["sizeLimit"].present
        return volume["name"].text() == name and in_memory

    return any_holds(*(lambda one=one: is_it(one) for one in found.spec["volumes"].items()))


def _reaches_into_node(found: Pod) -> bool:
    flags = [lambda name=name: found.spec[name].truth(default=False) for name in _HOST_NAMESPACES]
    return any_holds(
        *flags,
        lambda: any(one.at("securityContext.privileged").truth(default=False) for one in found.containers()),
        lambda: any(path.present for path in _host_paths(found)),
    )


def _host_paths(found: Pod) -> list[Value]:
    return [volume["hostPath"] for volume in found.spec["volumes"].items()]


def _is_for_gpus(resource: Resource, found: Pod, settings: GpuPlugin) -> bool:
    """Whether it is about GPUs: by where it lives, what it tolerates or selects, and what it mounts."""
    return any_holds(
        lambda: namespace(resource) in settings.namespaces,
        lambda: any(_tolerates(one, settings.taint) for one in found.spec["tolerations"].items()),
        lambda: any(label.startswith(VENDOR) for label in found.spec["nodeSelector"].entries()),
        lambda: any(one["path"].text().rstrip("/").startswith(DEVICE_PLUGINS) for one in _host_paths(found)),
    )


@resource_rule(
    "gpu-plugin-fenced",
    types("kubernetes:apps/v1:DaemonSet"),
    title="Only known GPU plugins, in their own namespace, reach into the nodes",
    why="A device plugin needs more of its node than any other pod; what is granted to one is granted to "
    "everything that runs in its place.",
    fix="Run it in a namespace and with an image, by digest, that the rule's settings name.",
    severity=Severity.HIGH,
    refs="PSS Privileged Containers, PSS HostPath Volumes",
    dev="advisory",
    prod="mandatory",
    settings=GpuPlugin,
)
def gpu_plugin_fenced(resource: Resource, check: Check) -> None:
    settings, found = check.settings(GpuPlugin), pod(resource)
    if not all_hold(lambda: _reaches_into_node(found), lambda: _is_for_gpus(resource, found, settings)):
        return
    with check.part():
        if namespace(resource) not in settings.namespaces:
            check.violation(
                "a GPU plugin reaches into its node from a namespace that is not its own",
                resource["metadata.namespace"],
            )
    known = {replace(image(one), tag="") for one in settings.images}
    for container in found.containers():
        with check.part():
            used = image(container["image"].text())
            if not used.pinned:
                check.violation("a GPU plugin's image is not fixed by its digest", container["image"])
            elif replace(used, tag="") not in known:
                check.violation("an image is none of those that may reach into the node", container["image"])
