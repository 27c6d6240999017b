"""Pod Security Standards: what a pod may mount."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.pod_security import PodSecurity, judged
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.types import WORKLOADS

HOST_PATH = "hostPath"
RESTRICTED_SOURCES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)


@resource_rule(
    "pss-hostpathvolumes",
    WORKLOADS,
    title="No pod mounts a directory of its node",
    why="Who writes into the node's files is soon root on it; who reads them finds other pods' secrets.",
    fix="Use a volume of another kind: emptyDir for scratch space, a claim for data.",
    severity=Severity.HIGH,
    refs="PSS HostPath Volumes, CKV K8S_27, NSA C-0045, NSA C-0048, NSA C-0074",
    dev="mandatory",
    prod="mandatory",
    departs="It speaks up at the level restricted, too, where the official evaluator leaves such volumes to "
    "the check of volume types: so that what is exempted there is still known for what it is.",
    settings=PodSecurity,
)
def host_path_volumes(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    for volume in pod.each(pod.pod.spec["volumes"]):
        with check.part():
            host_path = volume[HOST_PATH]
            if host_path.present:
                host_path.entries()  # undetermined while nobody knows whether there is one
                check.violation("a volume is a path of the node", host_path)


@resource_rule(
    "pss-restrictedvolumes",
    WORKLOADS,
    title="Pods mount only volumes that Kubernetes itself or a CSI driver provides",
    why="Volumes of the other kinds have the kubelet mount something from elsewhere, as root, with whatever "
    "the pod asks for.",
    fix="Use configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected or "
    "secret.",
    severity=Severity.MEDIUM,
    refs="PSS Volume Types",
    dev="mandatory",
    prod="mandatory",
    settings=PodSecurity,
)
def restricted_volumes(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    if not pod.standard.restricted_since(0):
        return
    for volume in pod.each(pod.pod.spec["volumes"]):
        with check.part():
            sources = {key for key, source in volume.entries().items() if source.present} - {"name"}
            # One without any is an emptyDir.
            if sources and not sources & RESTRICTED_SOURCES:
                check.violation("a volume is of a kind that is not allowed", volume)
