"""The Job that migrates the database."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put

JOB = "kubernetes:batch/v1:Job"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
NAME = "app.kubernetes.io/name"
SPEC = "spec.template.spec"
IMAGE = f"registry.example.com/server@sha256:{'0123456789abcdef' * 4}"


def workload(name: str, label: str, account: str, **spec: Any) -> dict[str, Any]:
    template = {"serviceAccountName": account, "containers": [{"image": IMAGE}]}
    return {
        "metadata": {"name": name, "namespace": "roost", "labels": {NAME: label}},
        "spec": {"template": {"spec": template}, **spec},
    }


def migration(name: str) -> dict[str, Any]:
    made = workload(name, "migrate", "migrator", backoffLimit=3, activeDeadlineSeconds=600)
    made["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    return made


GOOD = (
    R(JOB, migration("migrate-0007-archives"), name="migration"),
    R(DEPLOYMENT, workload("server", "server", "runner"), name="server", after=("migration",)),
    R(JOB, workload("report", "report", "reporter", ttlSecondsAfterFinished=60), name="other"),
)

EXAMPLES = (
    Example(
        "mig-job-safe",
        good=GOOD,
        bad={
            "many retries": put("migration", "spec.backoffLimit", 4),
            "retries are left to Kubernetes": drop("migration", "spec.backoffLimit"),
            "no deadline": drop("migration", "spec.activeDeadlineSeconds"),
            "it is removed when it has finished": put("migration", "spec.ttlSecondsAfterFinished", 100),
            "and at once": put("migration", "spec.ttlSecondsAfterFinished", 0),
            "its pod is restarted": put("migration", f"{SPEC}.restartPolicy", "OnFailure"),
            "restarts are left to Kubernetes": drop("migration", f"{SPEC}.restartPolicy"),
            "the same name for ever": put("migration", "metadata.name", "migrate-database"),
            "nobody waits": put("migration", "metadata.annotations", {"pulumi.com/skipAwait": "true"}),
            "no account": drop("migration", f"{SPEC}.serviceAccountName"),
            "the account that all share": put("migration", f"{SPEC}.serviceAccountName", "default"),
            "the server's account": put("migration", f"{SPEC}.serviceAccountName", "runner"),
            "another image": put("migration", f"{SPEC}.containers[0].image", "registry.example.com/server:1"),
            "another image in the server": put("server", f"{SPEC}.containers[0].image", "server:2"),
            "an image beside": put("migration", f"{SPEC}.initContainers", [{"image": "busybox"}]),
        },
        fine={
            "its name is left to the engine": drop("migration", "metadata.name"),
            "a server elsewhere": both(
                put("server", "metadata.namespace", "tools"), options("server", after=())
            ),
        },
        open={
            "nobody knows the bounds": put("migration", "spec.backoffLimit", UNKNOWN),
            "nor the image": put("migration", f"{SPEC}.containers[0].image", UNKNOWN),
        },
    ),
    Example(
        "mig-job-safe",
        good=GOOD,
        bad={
            "the server does not wait": options("server", after=()),
            "the second of two": Bad(
                add(R(JOB, workload("migrate-8", "migration", "runner"), name="second")), 5
            ),
        },
        patches=False,
    ),
)
