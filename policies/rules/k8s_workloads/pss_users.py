"""Pod Security Standards: as whom containers run."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.pod_security import PodSecurity, judged
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.types import WORKLOADS


@resource_rule(
    "pss-runasnonroot",
    WORKLOADS,
    title="Containers are made to run as somebody else than root",
    why="Root in a container is root on the node as soon as it finds one hole in the kernel or the runtime.",
    fix="Set securityContext.runAsNonRoot to true on the pod, and nowhere to false.",
    severity=Severity.MEDIUM,
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
            # Of a pod that says false, that one word is what is wrong.
            enforced = flag.truth(default=False) if flag.present else of_pod.present or container.known
            if flag.present and not enforced and not excuse.holds():
                check.violation("a container allows root", flag)
