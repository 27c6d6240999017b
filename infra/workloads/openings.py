"""Connections as NetworkPolicy objects; whoever opens a connection creates its policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import NamespaceAccess, Reach
from infra.workloads.connections import Connection, Entrance, PolicySpec, entrance_policy, policies_of
from infra.workloads.labels import labels


def open_connections(
    connections: Sequence[Connection | Entrance], namespace: NamespaceAccess, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Create the policies of `connections`, which pods wait for before they start."""
    specs = {
        name: (_owner(connection), spec)
        for connection in connections
        for name, spec in _policies(connection).items()
    }
    return [_policy(name, owner, spec, namespace, opts) for name, (owner, spec) in specs.items()]


def open_ranges(
    client: str,
    reach: str,
    cidrs: pulumi.Output[Sequence[str]],
    ports: tuple[int, ...],
    namespace: NamespaceAccess,
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """As `open_connections`, to ranges that are known only once something exists."""
    connection = f"{client}-to-{reach}"

    def spec(ranges: Sequence[str]) -> PolicySpec:
        if not ranges:
            raise ValueError(
                f"nobody says where {reach} is, and a policy without ranges would allow everything"
            )
        far = Reach(name=reach, ports=ports, cidrs=tuple(ranges))
        return policies_of(Connection(client=client, reach=far))[connection]

    return k8s.networking.v1.NetworkPolicy(
        connection,
        metadata={"name": connection, "namespace": namespace.name, "labels": labels(client)},
        spec=cast("pulumi.Output[k8s.networking.v1.NetworkPolicySpecArgsDict]", cidrs.apply(spec)),
        opts=opts,
    )


def _policies(connection: Connection | Entrance) -> dict[str, PolicySpec]:
    if isinstance(connection, Entrance):
        return {connection.name: entrance_policy(connection)}
    return policies_of(connection)


def _owner(connection: Connection | Entrance) -> str:
    return connection.server if isinstance(connection, Entrance) else connection.client


def _policy(
    name: str, owner: str, spec: PolicySpec, namespace: NamespaceAccess, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    return k8s.networking.v1.NetworkPolicy(
        name,
        metadata={"name": name, "namespace": namespace.name, "labels": labels(owner)},
        spec=cast("k8s.networking.v1.NetworkPolicySpecArgsDict", spec),
        opts=opts,
    )
