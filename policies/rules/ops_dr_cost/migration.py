"""The Job that migrates the database: bounded, alone in its rights, and before the server."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.images import images
from policies.lib.kubernetes import pod
from policies.lib.namespaced import namespace_of
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS
from policies.lib.values import Undetermined

_JOB = "kubernetes:batch/v1:Job"
_DEPLOYMENT = "kubernetes:apps/v1:Deployment"
_NAME = "app.kubernetes.io/name"
_VERSION = re.compile(r"-[a-z0-9.-]*\d", re.ASCII)
_KUBERNETES_RETRIES = 6


class Migrations(Settings):
    """How to tell what is a migration, and of what."""

    jobs: tuple[str, ...] = Field(
        default=("migrate", "migration"), description=f"Values of the label {_NAME} of Jobs that migrate."
    )
    servers: tuple[str, ...] = Field(
        default=("server",), description="The same of the Deployments that need the migrated database."
    )
    retries: int = Field(default=3, ge=0, description="The most retries of a Job.")


@stack_rule(
    "mig-job-safe",
    WORKLOADS,
    title="A migration runs once per revision, within bounds, with rights of its own, before the server",
    why="A migration that is retried for ever holds locks for ever; one that runs beside the new server, or "
    "from another image than the server's, breaks it in front of users.",
    fix="Name the Job by its revision, bound backoffLimit and activeDeadlineSeconds, never restart its pod, "
    "set no ttlSecondsAfterFinished, give it an account of its own and the server's image, and let the "
    "server depend on it.",
    severity=Severity.HIGH,
    refs="DOC Jobs",
    url="https://kubernetes.io/docs/concepts/workloads/controllers/job/",
    dev="advisory",
    prod="mandatory",
    settings=Migrations,
    departs="ttlSecondsAfterFinished is forbidden, not asked for: a Job that is kept in the state must not "
    "vanish from the cluster, or every update would make it again. Pod security is judged by the pss rules.",
)
def safe(stack: Stack, check: Check) -> None:
    settings = check.settings(Migrations)
    jobs = [job for job in stack.of(_JOB) if _is_called(job, settings.jobs)]
    servers = [one for one in stack.of(_DEPLOYMENT) if _is_called(one, settings.servers)]
    others = [one for one in stack.of(*WORKLOADS.tokens) if not _is_called(one, settings.jobs)]
    accounts = _accounts(others)
    for job in jobs:
        with check.on(job):
            _judge_bounds(job, settings, check)
            with check.part():
                _judge_account(job, accounts, check)
            _judge_image(job, servers, check)
    for server in servers:
        with check.on(server):
            for job in jobs:
                if not server.patch and job.urn not in server.after and _is_beside(job, server):
                    check.violation(f"it does not wait for {job.name}")


def _is_called(resource: Resource, names: tuple[str, ...]) -> bool:
    label = resource["metadata.labels"][_NAME]
    try:
        return label.text() in names
    except Undetermined:
        return False


def _is_beside(job: Resource, server: Resource) -> bool:
    return namespace_of(job) == namespace_of(server)


def _judge_bounds(job: Resource, settings: Migrations, check: Check) -> None:
    spec = job["spec"]
    with check.part():
        if spec["backoffLimit"].number(default=_KUBERNETES_RETRIES) > settings.retries:
            check.violation(f"it is retried more than {settings.retries} times", spec["backoffLimit"])
    with check.part():
        if spec["activeDeadlineSeconds"].number(default=0) <= 0:
            check.violation("it may run for ever", spec["activeDeadlineSeconds"])
    with check.part():
        if spec["ttlSecondsAfterFinished"].present:
            check.violation("it vanishes while the state still has it", spec["ttlSecondsAfterFinished"])
    with check.part():
        restart = pod(job).spec["restartPolicy"]
        if restart.text() != "Never":
            check.violation("its pod starts again where it broke off", restart)
    with check.part():
        name = job["metadata.name"]
        if name.present and not _VERSION.search(name.text()):
            check.violation("its name says no revision, and a Job cannot be changed", name)
    with check.part():
        skip = job["metadata.annotations"]["pulumi.com/skipAwait"]
        if skip.truth(default=False):
            check.violation("nobody waits for its end", skip)


def _accounts(workloads: Iterable[Resource]) -> set[tuple[str, str]]:
    """The accounts of workloads, each with its namespace."""
    found: set[tuple[str, str]] = set()
    for workload in workloads:
        try:
            found.add((namespace_of(workload), pod(workload).spec["serviceAccountName"].text()))
        except Undetermined:
            continue  # k8s-sa-token says so
    return found


def _judge_account(job: Resource, taken: set[tuple[str, str]], check: Check) -> None:
    account = pod(job).spec["serviceAccountName"]
    if not account.present or account.text() == "default":
        check.violation("it has no account of its own", account)
    elif (namespace_of(job), account.text()) in taken:
        check.violation("it shares its account with something that does not migrate", account)


def _judge_image(job: Resource, servers: list[Resource], check: Check) -> None:
    running: set[str] = set()
    for server in servers:
        if _is_beside(job, server):
            running |= {image.text for _, image in images(server, check)}
    if not running:
        return
    for where, image in images(job, check):
        if image.text not in running:
            check.violation("its image is not the server's", where)
