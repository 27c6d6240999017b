"""Pod Security Standards: what a container may do that its user could not."""

from __future__ import annotations

from typing import Any

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.logic import Question, any_holds
from policies.lib.pod_remedy import pods
from policies.lib.pod_security import PodSecurity, judged, standard
from policies.lib.remedy import Draft
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS
from policies.lib.values import Undetermined, Value

PRIVILEGED = "securityContext.privileged"
ESCALATION = "securityContext.allowPrivilegeEscalation"
ADD, DROP = "securityContext.capabilities.add", "securityContext.capabilities.drop"
ALL = "ALL"
BASELINE_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
"""What container runtimes grant by themselves."""
RESTRICTED_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})
_ONLY_RESTRICTED_SINCE = 22


def _unprivileged(draft: Draft, _: Settings) -> None:
    for pod in pods(draft):
        for container in pod.containers():
            if container.get(PRIVILEGED):
                container.put(PRIVILEGED, value=False)


@resource_rule(
    "pss-privileged",
    WORKLOADS,
    title="No container is privileged",
    why="A privileged container is root on its node: it sees every device, and every other pod.",
    fix="Take securityContext.privileged away, and grant the one capability that is needed.",
    severity=Severity.CRITICAL,
    refs="PSS Privileged Containers, CISEKS 4.2.1, CKV K8S_16, NSA C-0057",
    dev="mandatory",
    prod="mandatory",
    settings=PodSecurity,
    remedy=_unprivileged,
)
def privileged(resource: Resource, check: Check) -> None:
    for container in judged(resource, check).containers():
        with check.part():
            flag = container.at(PRIVILEGED)
            if flag.truth(default=False):
                check.violation("a container is privileged", flag)


def _no_escalation(draft: Draft, settings: Settings) -> None:
    for pod in pods(draft):
        if not standard(settings).restricted_since(8) or pod.may_be_windows:
            continue
        for container in pod.containers():
            container.put(ESCALATION, value=False)


@resource_rule(
    "pss-allowprivilegeescalation",
    WORKLOADS,
    title="No process of a container gains more rights than its parent",
    why="With a set-user-ID program in the image, a process that was broken into becomes root. Kubernetes "
    "allows that unless it is told not to.",
    fix="Set securityContext.allowPrivilegeEscalation to false on every container, init containers too.",
    severity=Severity.HIGH,
    refs="PSS Privilege Escalation, CISEKS 4.2.5, CKV K8S_20, NSA C-0016",
    dev="mandatory",
    prod="remediate",
    settings=PodSecurity,
    remedy=_no_escalation,
)
def allow_privilege_escalation(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    excuse = pod.windows(since=25)
    if not pod.standard.restricted_since(8) or excuse.surely:
        return
    for container in pod.containers():
        with check.part():
            flag = container.at(ESCALATION)
            if flag.truth(default=True) and not excuse.holds():
                check.violation("a container may gain privileges", flag)


def _allowed(settings: PodSecurity) -> frozenset[str]:
    restricted = settings.restricted_since(_ONLY_RESTRICTED_SINCE)
    return RESTRICTED_CAPABILITIES if restricted else BASELINE_CAPABILITIES


def _is_forbidden(capability: Value, by: PodSecurity) -> bool:
    try:
        return capability.text() not in _allowed(by)
    except Undetermined:
        return False


def _fewer_capabilities(draft: Draft, settings: Settings) -> None:
    by = standard(settings)
    for pod in pods(draft):
        if by.restricted_since(_ONLY_RESTRICTED_SINCE) and pod.may_be_windows:
            continue
        for container in pod.containers():
            added, dropped = _listed(container.get(ADD)), _listed(container.get(DROP))
            kept = [raw for raw in added if not _is_forbidden(Value(raw), by)]
            if len(kept) < len(added):
                container.put(ADD, kept)
            if by.restricted_since(_ONLY_RESTRICTED_SINCE) and ALL not in dropped:
                container.put(DROP, [*dropped, ALL])


def _listed(given: Any) -> list[Any]:
    """The elements as they are; of a single one, that one."""
    found = Value(given)
    return [*given] if found.is_list else [given] if found.present else []


@resource_rule(
    "pss-capabilities",
    WORKLOADS,
    title="Containers have no Linux capabilities but the one to bind low ports",
    why="Each capability is a piece of root: with some of them a process reads other pods' traffic or loads "
    "kernel modules.",
    fix="Set securityContext.capabilities.drop to [ALL] on every container; add NET_BIND_SERVICE at most.",
    severity=Severity.HIGH,
    refs="PSS Capabilities, CKV K8S_25, CKV K8S_28, CKV K8S_37, CKV K8S_39, NSA C-0046",
    dev="mandatory",
    prod="mandatory",
    settings=PodSecurity,
    remedy=_fewer_capabilities,
)
def capabilities(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    restricted = pod.standard.restricted_since(_ONLY_RESTRICTED_SINCE)
    excuse = pod.windows(since=25)
    if restricted and excuse.surely:
        return
    allowed = _allowed(pod.standard)
    for container in pod.containers():
        for capability in pod.each(container.at(ADD)):
            with check.part():
                if capability.text() not in allowed and not (restricted and excuse.holds()):
                    check.violation("a container has a capability that it may not have", capability)
        if restricted:
            with check.part():
                dropped = container.at(DROP)
                if not any_holds(*(_is_all(one) for one in dropped.items())) and not excuse.holds():
                    check.violation("a container does not drop all capabilities", dropped)


def _is_all(capability: Value) -> Question:
    return lambda: capability.text() == ALL
