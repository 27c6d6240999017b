"""Settings that exist only on the local platform, and the facts that `make up` writes down about it."""

from __future__ import annotations

from pydantic import Field

from infra.settings.base import ComputeResources, Port, Section


class PublishedEdge(Section):
    """Where the edge is reached: ports on this machine, and the node ports behind them."""

    https_port: Port
    http_port: Port
    https_node_port: Port
    http_node_port: Port


class BuiltImages(Section):
    """References of the images that `make up` built, by the hash of their content."""

    server: str
    postgres: str
    edge: str
    standin: str
    cache: str | None = None
    """Built where `roost:cache.enabled` is true."""
    clickhouse: str | None = None
    """Built where `roost:clickhouse.kind` is `in-cluster`."""


class PlatformFacts(Section):
    """`platform.json`: facts, not settings. `make up` writes it; a stack file cannot change it."""

    kubeconfig: str
    """Path of the kubeconfig file."""
    context: str
    embedded: bool
    """Whether the cluster is our own embedded one, not one chosen with `make up CONTEXT=…`."""
    node: str | None
    """Name of the embedded cluster's node."""
    volumes_dir: str | None
    """Directory on that node that holds one directory for each volume."""
    storage_class: str | None
    host_address: str | None
    """Where pods reach this machine; None where nobody knows."""
    edge: PublishedEdge
    images: BuiltImages


class LocalDatabaseSettings(Section):
    """Postgres as a StatefulSet."""

    max_connections: int = Field(default=100, ge=10, le=5000, description="Postgres `max_connections`.")
    storage_gib: int = Field(default=5, ge=1, le=1000, description="Size of its volume, in GiB.")
    resources: ComputeResources = Field(
        default=ComputeResources(cpu_request="100m", memory_request="256Mi", memory_limit="1Gi"),
        description="CPU and memory of its pod.",
    )


class LocalEdgeSettings(Section):
    """nginx before the server."""

    hostname: str = Field(
        default="localhost",
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description="The name in the URL and in the certificate.",
    )
    certificate_days: int = Field(
        default=90, ge=1, le=397, description="How long the server certificate is valid."
    )
    certificate_authority_days: int = Field(
        default=3650, ge=2, le=3650, description="How long the stack's own certificate authority is valid."
    )
    max_body_megabytes: int = Field(
        default=10, ge=1, le=1000, description="Larger requests are refused with 413."
    )
    replicas: int = Field(default=1, ge=1, le=10, description="Pods.")
    resources: ComputeResources = Field(
        default=ComputeResources(cpu_request="25m", memory_request="32Mi", memory_limit="128Mi"),
        description="CPU and memory of each pod.",
    )


class LocalSettings(Section):
    """The local platform."""

    platform: PlatformFacts = Field(description="Facts from platform.json.")
    database: LocalDatabaseSettings = Field(default_factory=LocalDatabaseSettings, description="Postgres.")
    edge: LocalEdgeSettings = Field(default_factory=LocalEdgeSettings, description="nginx.")
    cache: ComputeResources = Field(
        default=ComputeResources(cpu_request="25m", memory_request="32Mi", memory_limit="128Mi"),
        description="CPU and memory of Redis, with `cache.enabled`; three quarters hold what is in it.",
    )
    stand_in: ComputeResources = Field(
        default=ComputeResources(cpu_request="50m", memory_request="256Mi", memory_limit="768Mi"),
        description="CPU and memory of the scripted model stand-in.",
    )
    store: ComputeResources = Field(
        default=ComputeResources(cpu_request="100m", memory_request="384Mi", memory_limit="2Gi"),
        description="CPU and memory of the local telemetry store, with `clickhouse.kind: in-cluster`.",
    )
