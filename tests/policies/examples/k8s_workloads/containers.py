"""What a container may write to, and how much of its node it may use."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRON_JOB = "kubernetes:batch/v1:CronJob"
POD = "kubernetes:core/v1:Pod"
TEMPLATE = "spec.template.spec"


def amounts() -> dict[str, Any]:
    return {
        "requests": {"cpu": "100m", "memory": "64Mi", "ephemeral-storage": "64Mi"},
        "limits": {"memory": "128Mi", "ephemeral-storage": "1Gi"},
    }


def container(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "securityContext": {"readOnlyRootFilesystem": True},
        "resources": amounts(),
    }


SPEC = {
    "containers": [container("server"), container("proxy")],
    "initContainers": [container("prepare")],
    "volumes": [
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
        {"name": "config", "configMap": {"name": "config"}},
    ],
}
GOOD = (
    R(DEPLOYMENT, {"spec": {"template": {"spec": SPEC}}}),
    R(CRON_JOB, {"spec": {"jobTemplate": {"spec": {"template": {"spec": SPEC}}}}}, name="nightly"),
    R(POD, {"spec": SPEC}, name="pod"),
)
FLAG = "securityContext.readOnlyRootFilesystem"

EXAMPLES = (
    Example(
        "k8s-ro-rootfs",
        good=GOOD,
        bad={
            "a container says no": put("it", f"{TEMPLATE}.containers[0].{FLAG}", False),
            "the second says nothing": drop("it", f"{TEMPLATE}.containers[1].securityContext"),
            "an init container says nothing": drop("it", f"{TEMPLATE}.initContainers[0].{FLAG}"),
            "an ephemeral container says nothing": put(
                "it", f"{TEMPLATE}.ephemeralContainers", [{"name": "debugger"}]
            ),
            "in a CronJob": put("nightly", f"spec.jobTemplate.{TEMPLATE}.containers[1].{FLAG}", "false"),
            "in a bare Pod": drop("pod", f"spec.containers[0].{FLAG}"),
            "scratch space without a size": put("it", f"{TEMPLATE}.volumes[0].emptyDir", {}),
            "in memory, without a size": put("it", f"{TEMPLATE}.volumes[0].emptyDir", {"medium": "Memory"}),
            "both": Bad(
                both(
                    put("pod", f"spec.initContainers[0].{FLAG}", False),
                    put("pod", "spec.volumes[0].emptyDir.sizeLimit", None),
                ),
                2,
            ),
        },
        fine={"there are no volumes": drop("it", f"{TEMPLATE}.volumes")},
        open={
            "nobody knows the containers": put("it", f"{TEMPLATE}.containers", UNKNOWN),
            "nor a volume": put("it", f"{TEMPLATE}.volumes[1]", UNKNOWN),
            "nor what scratch space is like": put("it", f"{TEMPLATE}.volumes[0].emptyDir", UNKNOWN),
        },
    ),
    Example(
        "k8s-resources",
        good=GOOD,
        bad={
            "no CPU request": drop("it", f"{TEMPLATE}.containers[0].resources.requests.cpu"),
            "no memory request and no limit to take it from": Bad(
                both(
                    drop("it", f"{TEMPLATE}.containers[0].resources.requests.memory"),
                    drop("it", f"{TEMPLATE}.containers[0].resources.limits.memory"),
                ),
                2,
            ),
            "no memory limit": put("it", f"{TEMPLATE}.containers[0].resources.limits.memory", ""),
            "no limit of the disk": drop(
                "it", f"{TEMPLATE}.containers[1].resources.limits.ephemeral-storage"
            ),
            "nothing at all": Bad(drop("it", f"{TEMPLATE}.containers[1].resources"), 5),
            "an init container with nothing": Bad(put("pod", "spec.initContainers[0].resources", {}), 5),
            "in a CronJob": drop(
                "nightly", f"spec.jobTemplate.{TEMPLATE}.containers[1].resources.limits.memory"
            ),
        },
        fine={
            "a limit is the request, too": drop("it", f"{TEMPLATE}.containers[0].resources.requests.memory"),
            "a debugger can have none": put("it", f"{TEMPLATE}.ephemeralContainers", [{"name": "debugger"}]),
            "the pod states them for all": both(
                put("it", f"{TEMPLATE}.resources", amounts()),
                drop("it", f"{TEMPLATE}.containers[0].resources"),
            ),
        },
        open={
            "nobody knows the containers": put("it", f"{TEMPLATE}.containers", UNKNOWN),
            "nor the amounts": put("it", f"{TEMPLATE}.containers[0].resources", UNKNOWN),
            "nor the limits": put("it", f"{TEMPLATE}.containers[0].resources.limits", UNKNOWN),
        },
    ),
    Example(
        "k8s-resources",
        good=(
            R(
                DEPLOYMENT,
                {
                    "spec": {
                        "template": {
                            "spec": {
                                "containers": [
                                    {
                                        "name": "server",
                                        "resources": {
                                            "requests": {"cpu": "100m"},
                                            "limits": {"memory": "128Mi"},
                                        },
                                    }
                                ]
                            }
                        }
                    }
                },
            ),
        ),
        bad={"memory has no limit": Bad(drop("it", f"{TEMPLATE}.containers[0].resources.limits"), 2)},
        open={"nobody knows the containers": put("it", f"{TEMPLATE}.containers", UNKNOWN)},
        config={"ephemeralStorage": False},
    ),
)
