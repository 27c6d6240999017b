"""Connections as NetworkPolicy objects; whoever opens a connection creates its policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import NamespaceAccess
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
