"""Pod Security Standards: what a pod may tell the kernel about itself."""

from __future__ import annotations

import contextlib

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.pod_remedy import pods
from policies.lib.pod_security import PodSecurity, judged, standard
from policies.lib.remedy import Draft
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS
from policies.lib.values import Undetermined, Value

SELINUX = "seLinuxOptions"
SELINUX_TYPES = (
    (0, ("", "container_t", "container_init_t", "container_kvm_t")),
    (31, ("container_engine_t",)),
)
"""Since which minor version which types are allowed."""
PROC_MOUNT = "procMount"
_MASKED = "Default"
_RELAXED_SINCE = 35
SYSCTLS = (
    (
        0,
        (
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range",
            "net.ipv4.ip_unprivileged_port_start",
        ),
    ),
    (27, ("net.ipv4.ip_local_reserved_ports",)),
    (
        29,
        (
            "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
        ),
    ),
    (32, ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem")),
    (37, ("net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat")),
)
"""The same for kernel parameters that reach no further than their pod."""


def _allowed(table: tuple[tuple[int, tuple[str, ...]], ...], by: PodSecurity) -> frozenset[str]:
    return frozenset(name for minor, names in table if by.since(minor) for name in names)


def _plain_selinux(draft: Draft, settings: Settings) -> None:
    allowed = _allowed(SELINUX_TYPES, standard(settings))
    for pod in pods(draft):
        for context in pod.contexts():
            for member in ("user", "role"):
                if context.get(f"{SELINUX}.{member}"):
                    context.put(f"{SELINUX}.{member}", "")
            with contextlib.suppress(Undetermined):
                if Value(context.get(f"{SELINUX}.type")).text() not in allowed:
                    context.put(f"{SELINUX}.type", "")


@resource_rule(
    "pss-selinux",
    WORKLOADS,
    title="SELinux confines containers as containers",
    why="With another type, user or role a container on a node with SELinux reaches what only the node may.",
    fix="Leave user and role of seLinuxOptions out, and type too unless it is one of containers.",
    severity=Severity.MEDIUM,
    refs="PSS SELinux",
    dev="advisory",
    prod="mandatory",
    settings=PodSecurity,
    remedy=_plain_selinux,
)
def selinux(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    allowed = _allowed(SELINUX_TYPES, pod.standard)
    for context in pod.contexts():
        options = context[SELINUX]
        with check.part():
            if options["type"].text() not in allowed:
                check.violation("an SELinux type is none of containers", options["type"])
        for member in ("user", "role"):
            with check.part():
                if options[member].text():
                    check.violation(f"an SELinux {member} is set", options[member])


def _masked_proc(draft: Draft, settings: Settings) -> None:
    by = standard(settings)
    relaxed = by.level == "baseline" and by.since(_RELAXED_SINCE)
    for pod in pods(draft):
        if relaxed and pod.get("spec.hostUsers") not in (None, True):
            continue
        for container in pod.containers():
            if container.get(f"securityContext.{PROC_MOUNT}") is not None:
                container.put(f"securityContext.{PROC_MOUNT}", _MASKED)


@resource_rule(
    "pss-procmount",
    WORKLOADS,
    title="Containers see the masked /proc",
    why="The masks hide what in /proc tells about the node, and what changes its kernel.",
    fix="Leave securityContext.procMount out, or set it to Default.",
    severity=Severity.MEDIUM,
    refs="PSS /proc Mount Type",
    dev="mandatory",
    prod="mandatory",
    settings=PodSecurity,
    remedy=_masked_proc,
)
def proc_mount(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    excuse = pod.user_namespace(since=_RELAXED_SINCE)
    restricted = pod.standard.level == "restricted"
    if not restricted and excuse.surely:
        return
    for container in pod.containers():
        with check.part():
            kind = container.at(f"securityContext.{PROC_MOUNT}")
            if kind.text(default=_MASKED) != _MASKED and (restricted or not excuse.holds()):
                check.violation("a container sees /proc without its masks", kind)


@resource_rule(
    "pss-sysctls",
    WORKLOADS,
    title="Pods set only kernel parameters that reach no further than the pod",
    why="Other parameters change the node for every pod on it, or switch off what protects it.",
    fix="Take from securityContext.sysctls what the standard does not call safe, or set it on the node.",
    severity=Severity.MEDIUM,
    refs="PSS Sysctls",
    dev="mandatory",
    prod="mandatory",
    settings=PodSecurity,
)
def sysctls(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    allowed = _allowed(SYSCTLS, pod.standard)
    for sysctl in pod.each(pod.context["sysctls"]):
        with check.part():
            if sysctl["name"].text() not in allowed:
                check.violation("a kernel parameter is not safe", sysctl["name"])
