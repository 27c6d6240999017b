"""Reading Kubernetes objects out of a recording: pods, what guards them, and what may connect to what."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from tests.support.monitor import Recording, Registration

NAME = "app.kubernetes.io/name"
POD_OWNERS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


@dataclass(frozen=True)
class Workload:
    """One object that makes pods."""

    owner: Registration
    kind: str
    name: str
    labels: dict[str, str]
    pod: dict[str, Any]

    @property
    def namespace(self) -> str:
        return self.owner.inputs["metadata"]["namespace"]

    @property
    def containers(self) -> list[dict[str, Any]]:
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    @property
    def container(self) -> dict[str, Any]:
        assert len(self.containers) == 1, f"{self.name} has several containers"
        return self.containers[0]


def workloads(recording: Recording) -> list[Workload]:
    """Everything that makes pods."""
    found: list[Workload] = []
    for owner in recording.custom():
        kind = owner.type.split(":")[-1]
        if owner.type.startswith("kubernetes:") and kind in POD_OWNERS:
            spec = owner.inputs["spec"]
            template = spec["jobTemplate"]["spec"]["template"] if kind == "CronJob" else spec["template"]
            labels = template["metadata"]["labels"]
            found.append(Workload(owner, kind, labels[NAME], labels, template["spec"]))
    assert found, "the program makes no pods at all"
    return found


def workload(recording: Recording, name: str) -> Workload:
    return next(w for w in workloads(recording) if w.name == name)


def restricted_violations(pod: dict[str, Any]) -> list[str]:
    """What the restricted pod security standard would refuse, and a writable root file system."""
    security = pod.get("securityContext", {})
    found = [
        f"pod: {why}"
        for why, wrong in (
            ("may run as root", security.get("runAsNonRoot") is not True or not security.get("runAsUser")),
            ("no seccomp profile", security.get("seccompProfile", {}).get("type") != "RuntimeDefault"),
            ("uses the host", any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))),
            ("mounts the host's files", any("hostPath" in volume for volume in pod.get("volumes", []))),
        )
        if wrong
    ]
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        found += [f"{container['name']}: {why}" for why in _container_violations(container)]
    return found


def _container_violations(container: dict[str, Any]) -> list[str]:
    security = container.get("securityContext", {})
    checks = {
        "may gain privileges": security.get("allowPrivilegeEscalation") is not False,
        "is privileged": bool(security.get("privileged")),
        "keeps capabilities": security.get("capabilities") != {"drop": ["ALL"]},
        "writes its root file system": security.get("readOnlyRootFilesystem") is not True,
        "uses host ports": any("hostPort" in port for port in container.get("ports", [])),
    }
    return [why for why, wrong in checks.items() if wrong]


def policies(recording: Recording) -> list[dict[str, Any]]:
    """The specs of all NetworkPolicies."""
    return [r.inputs["spec"] for r in recording.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")]


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a label selector matches; expressions are not used by this project, and refused here."""
    assert "matchExpressions" not in selector, "this test does not understand matchExpressions"
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def pod_may_connect(recording: Recording, client: Workload, server: Workload, port: int) -> bool:
    """Whether the policies let `client`'s pods open TCP `port` of `server`'s pods."""
    return _allows(recording, "Egress", client, server, port) and _allows(
        recording, "Ingress", server, client, port
    )


def pod_may_reach(recording: Recording, client: Workload, address: str, port: int) -> bool:
    """Whether the policies let `client`'s pods open TCP `port` of an address outside the cluster."""
    return any(
        _ports_match(rule, port) and any(_block_matches(peer, address) for peer in rule.get("to", [{}]))
        for rule in _rules(recording, "Egress", client)
    )


def world_may_connect(recording: Recording, server: Workload, port: int) -> bool:
    """Whether the policies let an address of the internet open TCP `port` of `server`'s pods."""
    return any(
        _ports_match(rule, port)
        and ("from" not in rule or any(_block_matches(peer, "203.0.113.9") for peer in rule["from"]))
        for rule in _rules(recording, "Ingress", server)
    )


def _rules(recording: Recording, direction: str, pod: Workload) -> list[dict[str, Any]]:
    applying = [
        policy.inputs["spec"]
        for policy in recording.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")
        if policy.inputs["metadata"]["namespace"] == pod.namespace
        and direction in policy.inputs["spec"]["policyTypes"]
        and selects(policy.inputs["spec"]["podSelector"], pod.labels)
    ]
    assert applying, f"no policy restricts the {direction} of {pod.name}, so everything is open"
    return [rule for policy in applying for rule in policy.get(direction.lower(), [])]


def _allows(recording: Recording, direction: str, subject: Workload, other: Workload, port: int) -> bool:
    key = "to" if direction == "Egress" else "from"
    return any(
        _ports_match(rule, port)
        and (
            key not in rule
            or any(
                "podSelector" in peer
                and _namespace_matches(peer, subject, other)
                and selects(peer["podSelector"], other.labels)
                for peer in rule[key]
            )
        )
        for rule in _rules(recording, direction, subject)
    )


def _namespace_matches(peer: dict[str, Any], subject: Workload, other: Workload) -> bool:
    if "namespaceSelector" not in peer:
        return subject.namespace == other.namespace
    return selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace})


def _ports_match(rule: dict[str, Any], port: int) -> bool:
    return any(p["port"] == port and p.get("protocol", "TCP") == "TCP" for p in rule.get("ports", [])) or (
        "ports" not in rule
    )


def _block_matches(peer: dict[str, Any], address: str) -> bool:
    block = peer.get("ipBlock")
    if block is None:
        return not peer
    ip = ipaddress.ip_address(address)
    return ip in ipaddress.ip_network(block["cidr"]) and not any(
        ip in ipaddress.ip_network(hole) for hole in block.get("except", [])
    )
