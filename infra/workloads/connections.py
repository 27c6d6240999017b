"""Which connections exist, as NetworkPolicy rules: pure data, no Pulumi.

The namespace denies everything; a connection opens exactly one way, at both ends where both are pods of
ours. The instance-metadata addresses stay closed whatever range a setting opens.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from infra.ports import Reach
from infra.workloads.labels import NAME, selector

INSTANCE_METADATA = ("169.254.169.254/32", "169.254.170.0/24", "fd00:ec2::254/128")
"""Where clouds hand out credentials; no pod of ours has business there, but for its own identity."""

POD_IDENTITY_AGENT = "169.254.170.23/32"
"""Where EKS gives a pod the credentials of its own service account, and of nobody else."""

PolicySpec = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Connection:
    """TCP from the pods named `client` to `reach`."""

    client: str
    reach: Reach

    @property
    def name(self) -> str:
        return f"{self.client}-to-{self.reach.name}"


@dataclass(frozen=True, kw_only=True)
class Guest:
    """Pods named `name` of another namespace."""

    namespace: str
    name: str
    ours: bool = True
    """Whether they carry this project's labels besides."""


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """TCP from outside the namespace to the pods named `server`: from ranges and guests, or from anywhere."""

    name: str
    server: str
    ports: tuple[int, ...]
    cidrs: tuple[str, ...] = ()
    guests: tuple[Guest, ...] = ()


def policies_of(connection: Connection) -> dict[str, PolicySpec]:
    """Policy specs by name: what the client may send, and what the server may receive if it is ours.

    Pods of another namespace are let in by an `Entrance` there.
    """
    reach = connection.reach
    egress = {
        "podSelector": {"matchLabels": selector(connection.client)},
        "policyTypes": ["Egress"],
        "egress": [{"to": _far_end(reach), "ports": _tcp(reach.ports)}],
    }
    if reach.pods is None or reach.namespace is not None:
        return {connection.name: egress}
    ingress = {
        "podSelector": {"matchLabels": selector(reach.pods)},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [{"podSelector": {"matchLabels": selector(connection.client)}}],
                "ports": _tcp(reach.ports),
            }
        ],
    }
    return {f"{connection.name}-egress": egress, f"{connection.name}-ingress": ingress}


def entrance_policy(entrance: Entrance) -> PolicySpec:
    """Policy spec that lets clients outside the namespace in."""
    rule: dict[str, Any] = {"ports": _tcp(entrance.ports)}
    if entrance.cidrs or entrance.guests:
        guests = [_pods(guest.name, guest.namespace, ours=guest.ours) for guest in entrance.guests]
        rule["from"] = [*(ip_block(cidr) for cidr in entrance.cidrs), *guests]
    return {
        "podSelector": {"matchLabels": selector(entrance.server)},
        "policyTypes": ["Ingress"],
        "ingress": [rule],
    }


def deny_all() -> PolicySpec:
    """Nothing in, nothing out, for every pod of the namespace."""
    return {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def allow_dns() -> PolicySpec:
    """Names resolve: UDP, and TCP for answers that do not fit, to the cluster's DNS and nowhere else."""
    return {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [
                    {
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                    }
                ],
                "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
            }
        ],
    }


def ip_block(cidr: str) -> dict[str, Any]:
    """An ipBlock peer for `cidr` less the metadata addresses; ValueError where nothing else is left."""
    network = ipaddress.ip_network(cidr)
    if cidr == POD_IDENTITY_AGENT:
        return {"ipBlock": {"cidr": cidr}}
    holes = [hole for hole in map(ipaddress.ip_network, INSTANCE_METADATA) if hole.version == network.version]
    if any(_within(network, hole) for hole in holes):
        raise ValueError(
            f"{cidr} is where a cloud serves instance credentials; no workload may reach it. "
            "Name the range of the service that it should reach instead."
        )
    cut = [str(hole) for hole in holes if _within(hole, network)]
    return {"ipBlock": {"cidr": str(network), **({"except": cut} if cut else {})}}


def _within(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def _far_end(reach: Reach) -> list[dict[str, Any]]:
    if (reach.pods is None) == (not reach.cidrs):
        raise ValueError(
            f"Reach {reach.name!r} needs either pods or cidrs, and has {reach.pods=} {reach.cidrs=}."
        )
    if reach.pods is not None:
        return [_pods(reach.pods, reach.namespace)]
    return [ip_block(cidr) for cidr in reach.cidrs]


def _pods(name: str, namespace: str | None, *, ours: bool = True) -> dict[str, Any]:
    peer: dict[str, Any] = {"podSelector": {"matchLabels": selector(name) if ours else {NAME: name}}}
    if namespace is not None:
        peer["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return peer


def _tcp(ports: tuple[int, ...]) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": port} for port in ports]
