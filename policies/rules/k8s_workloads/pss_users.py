"""Pod Security Standards: as whom containers run."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.pod_security import PodSecurity, judged
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.types import WORKLOADS

_SOMEBODY = 1


@resource_rule(
    "pss-runasnonroot",
    WORKLOADS,
    title="Containers are made to run as somebody else than root",
    why="Root in a container is root on the node as soon as it finds one hole in the kernel or the runtime.",
    fix="Set securityContext.runAsNonRoot to true on the pod, and nowhere to false.",
    severity=Severity.HIGH,
    refs="PSS Running as Non-root, CKV K8S_23, NSA C-0013",
    dev="mandatory",
    prod="mandatory",
    settings=PodSecurity,
)
def run_as_non_root(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    excuse = pod.user_namespace(since=35)
    if not pod.standard.restricted_since(0) or excuse.surely:
        return
    of_pod = pod.context["runAsNonRoot"]
    with check.part():
        if not of_pod.truth(default=True) and not excuse.holds():
            check.violation("the pod allows root", of_pod)
    for container in pod.containers():
        with check.part():
            flag = container.at("securityContext.runAsNonRoot")
            # What the pod says is judged above, once for all containers that say nothing.
            allowed = not flag.truth(default=True) if flag.present else not of_pod.present
            if allowed and not excuse.holds():
                check.violation("a container allows root", flag)


@resource_rule(
    "pss-runasuser",
    WORKLOADS,
    title="No container runs as user 0",
    why="User 0 is root, whatever the container calls it; with runAsNonRoot the pod does not even start.",
    fix="Set securityContext.runAsUser to a number above 0, or leave it to the image.",
    severity=Severity.HIGH,
    refs="PSS Running as Non-root User, CKV K8S_40, NSA C-0013",
    dev="mandatory",
    prod="mandatory",
    departs="Only user 0 is refused, as the standard has it. A number of 10000 or more, which no user of the "
    "node has, is Checkov's advice and no part of the standard.",
    settings=PodSecurity,
)
def run_as_user(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    excuse = pod.user_namespace(since=35)
    if not pod.standard.restricted_since(23) or excuse.surely:
        return
    for context in pod.contexts():
        with check.part():
            user = context["runAsUser"]
            if user.number(default=_SOMEBODY) == 0 and not excuse.holds():
                check.violation("a container is to run as user 0", user)
