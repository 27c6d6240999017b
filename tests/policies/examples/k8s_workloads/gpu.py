"""Pods that use GPUs, and the plugin that hands them out."""

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.pods import CRON_JOB, CRON_SPEC, DAEMON_SET, DEPLOYMENT, SPEC
from tests.support.policies import UNKNOWN, R, both, drop, put

GPU = "nvidia.com/gpu"
DIGEST = f"sha256:{'a' * 64}"
PLUGIN = f"nvcr.io/nvidia/k8s-device-plugin@{DIGEST}"
MODEL = f"{SPEC}.containers[0]"


def model() -> dict[str, Any]:
    return {
        "tolerations": [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}],
        "nodeSelector": {"example.com/pool": "gpu"},
        "containers": [
            {
                "name": "model",
                "resources": {"limits": {GPU: 1}, "requests": {GPU: 1, "cpu": "2"}},
                "volumeMounts": [
                    {"name": "memory", "mountPath": "/dev/shm"},
                    {"name": "weights", "mountPath": "/models"},
                ],
            },
            {"name": "proxy"},
        ],
        "volumes": [
            {"name": "weights", "persistentVolumeClaim": {"claimName": "weights"}},
            {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "8Gi"}},
        ],
    }


def plugin() -> dict[str, Any]:
    return {
        "metadata": {"namespace": "gpu-system"},
        "spec": {
            "template": {
                "spec": {
                    "tolerations": [{"key": GPU, "operator": "Exists"}],
                    "containers": [
                        {"name": "main", "image": PLUGIN, "securityContext": {"privileged": True}}
                    ],
                    "volumes": [{"name": "sockets", "hostPath": {"path": "/var/lib/kubelet/device-plugins"}}],
                }
            }
        },
    }


LOGS = {
    "metadata": {"namespace": "logs"},
    "spec": {
        "template": {
            "spec": {
                "tolerations": [{"operator": "Exists"}],
                "containers": [{"name": "collector", "image": "collector:1"}],
                "volumes": [{"name": "logs", "hostPath": {"path": "/var/log/pods"}}],
            }
        }
    },
}

EXAMPLES = (
    Example(
        "gpu-request",
        good=(
            R(DEPLOYMENT, {"spec": {"template": {"spec": model()}}}),
            R(CRON_JOB, {"spec": {"jobTemplate": {"spec": {"template": {"spec": model()}}}}}, name="nightly"),
            R(DEPLOYMENT, {"spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}}, name="other"),
        ),
        bad={
            "a request without a limit": put("it", f"{MODEL}.resources", {"requests": {GPU: 1}}),
            "a request of less": put("it", f"{MODEL}.resources.limits", {GPU: 2}),
            "a slice of one, without a limit": put(
                "it", f"{MODEL}.resources.requests", {GPU: 1, "nvidia.com/mig-1g.5gb": 1}
            ),
            "it tolerates nothing": drop("it", f"{SPEC}.tolerations"),
            "it tolerates another taint": put("it", f"{SPEC}.tolerations[0].key", "example.com/gpu"),
            "it tolerates to be evicted only": put("it", f"{SPEC}.tolerations[0].effect", "NoExecute"),
            "it may go to any node": drop("it", f"{SPEC}.nodeSelector"),
            "to any with Linux": put("it", f"{SPEC}.nodeSelector", {"kubernetes.io/os": "linux"}),
            "it is privileged": put("it", f"{MODEL}.securityContext.privileged", True),
            "its neighbour is": put("it", f"{SPEC}.containers[1].securityContext.privileged", "true"),
            "it shares its node's memory": put("it", f"{SPEC}.hostIPC", True),
            "memory without a bound": put("it", f"{SPEC}.volumes[1].emptyDir", {"medium": "Memory"}),
            "memory on a disk": put("it", f"{SPEC}.volumes[1].emptyDir", {"sizeLimit": "8Gi"}),
            "memory of the node": put(
                "it", f"{SPEC}.volumes[1]", {"name": "memory", "hostPath": {"path": "/dev/shm"}}
            ),
            "in a CronJob": Bad(
                both(
                    drop("nightly", f"{CRON_SPEC}.tolerations"), put("nightly", f"{CRON_SPEC}.hostIPC", True)
                ),
                2,
            ),
        },
        fine={
            "no GPU": put("it", f"{MODEL}.resources", {"limits": {"memory": "1Gi"}}),
            "zero GPUs, anywhere": both(
                put("it", f"{MODEL}.resources", {"limits": {GPU: 0}}), drop("it", f"{SPEC}.tolerations")
            ),
            "a limit is a request": put("it", f"{MODEL}.resources.requests", {"cpu": "2"}),
            "it tolerates everything": put("it", f"{SPEC}.tolerations", [{"operator": "Exists"}]),
            "by value": put(
                "it",
                f"{SPEC}.tolerations",
                [{"key": "other"}, {"key": GPU, "value": "true", "effect": "NoSchedule"}],
            ),
            "by affinity": both(
                drop("it", f"{SPEC}.nodeSelector"),
                put(
                    "it",
                    f"{SPEC}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution",
                    {"nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "Exists"}]}]},
                ),
            ),
            "no shared memory": put("it", f"{MODEL}.volumeMounts", []),
        },
        open={
            "nobody knows what it asks for": put("it", f"{MODEL}.resources.limits", UNKNOWN),
            "nobody knows the volumes": put("it", f"{SPEC}.volumes", UNKNOWN),
        },
    ),
    Example(
        "gpu-plugin-fenced",
        config={"images": [PLUGIN]},
        good=(R(DAEMON_SET, plugin()), R(DAEMON_SET, LOGS, name="logs")),
        bad={
            "in another namespace": put("it", "metadata.namespace", "default"),
            "in none that it names": drop("it", "metadata.namespace"),
            "by a tag": put("it", f"{MODEL}.image", "nvcr.io/nvidia/k8s-device-plugin:v1"),
            "an image of the same digest from elsewhere": put("it", f"{MODEL}.image", f"evil.io/p@{DIGEST}"),
            "another version": put(
                "it", f"{MODEL}.image", f"nvcr.io/nvidia/k8s-device-plugin@sha256:{'b' * 64}"
            ),
            "a second container": put("it", f"{SPEC}.containers[1]", {"name": "b", "image": "busybox"}),
            "an init container": put("it", f"{SPEC}.initContainers", [{"name": "b", "image": "busybox"}]),
            "both": Bad(
                both(put("it", "metadata.namespace", "default"), put("it", f"{MODEL}.image", "plugin:1")), 2
            ),
            "known only by what it mounts": both(
                drop("it", f"{SPEC}.tolerations"), put("it", "metadata.namespace", "default")
            ),
            "known only by what it tolerates": both(
                drop("it", f"{SPEC}.volumes"), put("it", "metadata.namespace", "default")
            ),
            "known only by its nodes": both(
                drop("it", f"{SPEC}.volumes"),
                drop("it", f"{SPEC}.tolerations"),
                put("it", f"{SPEC}.nodeSelector", {"nvidia.com/gpu.present": "true"}),
                put("it", "metadata.namespace", "default"),
            ),
            "anything else in the namespace": both(
                put("logs", "metadata.namespace", "gpu-system"),
                put("logs", f"{SPEC}.containers[0].image", f"collector@{DIGEST}"),
            ),
        },
        fine={
            "with a tag beside the digest": put(
                "it", f"{MODEL}.image", f"nvcr.io/nvidia/k8s-device-plugin:v1@{DIGEST}"
            ),
            "it needs nothing of the node": both(
                drop("it", f"{SPEC}.volumes"),
                drop("it", f"{MODEL}.securityContext"),
                put("it", f"{MODEL}.image", "plugin:1"),
            ),
        },
        open={"nobody knows where it is": put("it", "metadata.namespace", UNKNOWN)},
    ),
)
