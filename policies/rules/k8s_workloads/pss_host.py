"""Pod Security Standards: what of its node a pod shares."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.pod_remedy import pods
from policies.lib.pod_security import PodSecurity, judged, standard
from policies.lib.remedy import Draft
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS

HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
HOST_PROCESS = "windowsOptions.hostProcess"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")
PROBE_HOSTS = tuple(f"{probe}.{action}.host" for probe in _PROBES for action in ("httpGet", "tcpSocket"))


def _own_namespaces(draft: Draft, _: Settings) -> None:
    for pod in pods(draft):
        for name in HOST_NAMESPACES:
            if pod.get(f"spec.{name}"):
                pod.put(f"spec.{name}", value=False)


@resource_rule(
    "pss-hostnamespaces",
    WORKLOADS,
    title="Pods share no namespace with their node",
    why="In its node's namespaces a pod listens to all traffic, sees and signals every process, or reads "
    "the memory that they share.",
    fix="Take hostNetwork, hostPID and hostIPC away.",
    severity=Severity.CRITICAL,
    refs="PSS Host Namespaces, CISEKS 4.2.2, CISEKS 4.2.3, CISEKS 4.2.4, CKV K8S_17, CKV K8S_18, CKV K8S_19, "
    "NSA C-0038, NSA C-0041",
    dev="mandatory",
    prod="mandatory",
    settings=PodSecurity,
    remedy=_own_namespaces,
)
def host_namespaces(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    for name in HOST_NAMESPACES:
        with check.part():
            flag = pod.pod.spec[name]
            if flag.truth(default=False):
                check.violation("the pod is in a namespace of its node", flag)


def _no_host_ports(draft: Draft, _: Settings) -> None:
    for pod in pods(draft):
        for container in pod.containers():
            for port in container.members("ports"):
                if port.get("hostPort"):
                    port.put("hostPort", 0)


@resource_rule(
    "pss-hostports",
    WORKLOADS,
    title="No container takes a port of its node",
    why="A port of the node is reached past every Service and network policy, and only one pod can have it.",
    fix="Take hostPort away, and let a Service lead to the container.",
    severity=Severity.MEDIUM,
    refs="PSS Host Ports, CKV K8S_26, NSA C-0044",
    dev="mandatory",
    prod="mandatory",
    settings=PodSecurity,
    remedy=_no_host_ports,
)
def host_ports(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    for container in pod.containers():
        for port in pod.each(container["ports"]):
            with check.part():
                number = port["hostPort"]
                if number.number(default=0) != 0:
                    check.violation("a container takes a port of the node", number)


def _own_host(draft: Draft, settings: Settings) -> None:
    if not standard(settings).since(34):
        return
    for pod in pods(draft):
        for container in pod.containers():
            for path in PROBE_HOSTS:
                if container.get(path):
                    container.put(path, "")


@resource_rule(
    "pss-hostprobesandhostlifecycle",
    WORKLOADS,
    title="Probes and lifecycle hooks ask the pod itself",
    why="The kubelet sends them, from the node: with a host of its choice a pod makes it knock at doors that "
    "the pod itself cannot reach.",
    fix="Take host away from the httpGet and tcpSocket of probes and lifecycle hooks.",
    severity=Severity.MEDIUM,
    refs="PSS Host Probes / Lifecycle Hooks",
    dev="advisory",
    prod="mandatory",
    settings=PodSecurity,
    remedy=_own_host,
)
def host_probes(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    if not pod.standard.since(34):
        return
    for container in pod.containers():
        for path in PROBE_HOSTS:
            with check.part():
                host = container.at(path)
                if host.text():
                    check.violation("the kubelet is sent to a host of the pod's choice", host)


def _no_host_process(draft: Draft, _: Settings) -> None:
    for pod in pods(draft):
        for context in pod.contexts():
            if context.get(HOST_PROCESS):
                context.put(HOST_PROCESS, value=False)


@resource_rule(
    "pss-windowshostprocess",
    WORKLOADS,
    title="No container is a process of its Windows node",
    why="A HostProcess container runs on the node itself, with the rights of the account that it names.",
    fix="Take securityContext.windowsOptions.hostProcess away from pod and containers.",
    severity=Severity.HIGH,
    refs="PSS HostProcess",
    dev="mandatory",
    prod="mandatory",
    settings=PodSecurity,
    remedy=_no_host_process,
)
def windows_host_process(resource: Resource, check: Check) -> None:
    for context in judged(resource, check).contexts():
        with check.part():
            flag = context.at(HOST_PROCESS)
            if flag.truth(default=False):
                check.violation("a container is a process of the node", flag)
