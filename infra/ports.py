"""The seam between platforms (what supplies) and workloads (what consumes).

`infra/local/` and `infra/aws/` each produce these; `infra/workloads/` knows nothing else about where it
runs. A port is a frozen dataclass of plain values and Outputs; it creates nothing.

A platform acts three times, in this order (`Platform`):

1. its constructor makes the cluster reachable: `cluster`;
2. `supply(namespace)` makes what the workloads consume, some of it inside the namespace: `Supplies`;
3. `expose(server)` puts the public edge in front of the server, which by then exists: `PublicEdge`.

`infra.platforms.build_platform(settings)` chooses the platform; `LocalPlatform` and `AwsPlatform` are
plain classes with exactly that surface, composed of components, so `infra/__main__.py` reads the same for
both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pulumi
import pulumi_kubernetes as k8s

from infra.outputs import CloudOutputs


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """One login. `password` is always a secret Output."""

    username: str
    password: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class MountedCredentials:
    """A login whose password never enters the stack: a Secrets Store CSI volume shows it to one pod.

    The pod mounts a volume of driver `secrets-store.csi.k8s.io` with `secretProviderClass`, read-only, and
    runs as `service_account`, the only identity that may read the secret. Both exist in the workloads'
    namespace once `DatabaseEndpoint.ready` is done.
    """

    username: str
    service_account: pulumi.Output[str]
    secret_provider_class: pulumi.Output[str]
    file: str
    """Name of the file in the volume that holds the password, without a newline."""


@dataclass(frozen=True, kw_only=True)
class ClusterAccess:
    """A reachable Kubernetes API and the facts that workloads must know about the cluster behind it."""

    provider: k8s.Provider
    """The explicit provider; nothing ever uses the default one."""
    storage_class: str | None
    """For volumeClaimTemplates; None leaves it to the cluster's default class."""
    zone_spread: bool
    """Whether nodes carry topology.kubernetes.io/zone and pods should spread over it."""
    metrics_available: bool
    """Whether metrics.k8s.io answers, without which a HorizontalPodAutoscaler can decide nothing."""
    node_selector: dict[str, str] = field(default_factory=dict[str, str])
    """Labels of the nodes that are there for long-running workloads; empty where any node will do."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The far end of a connection, as a NetworkPolicy sees it: pods of ours, or addresses elsewhere."""

    name: str
    """Names the opening: `postgres`, `standin`, `external-model` …"""
    ports: tuple[int, ...]
    """TCP ports where the far end listens (a pod's own, not its Service's)."""
    pods: str | None = None
    """`app.kubernetes.io/name` of pods in the namespace."""
    namespace: str | None = None
    """Where these pods are, if not in the client's namespace."""
    cidrs: tuple[str, ...] = ()
    """Address ranges outside the cluster; exactly one of `pods` and `cidrs` is given."""


@dataclass(frozen=True, kw_only=True)
class DatabaseEndpoint:
    """Postgres with pgvector, and the three logins that use it.

    `direct_host` bypasses any pooler: migrations and bootstrap (session locks) go there; the server goes
    to `host`. Both listen on `port`.
    """

    host: pulumi.Output[str]
    direct_host: pulumi.Output[str]
    port: int
    database: str
    ssl_mode: str
    """libpq sslmode: `verify-full` on AWS; `disable` locally, where the wire never leaves the node."""
    ca_bundle: pulumi.Output[str] | None
    """PEM that verifies the server; None where ssl_mode does not verify."""
    master: Credentials | MountedCredentials
    """Only the bootstrap Job uses it."""
    migrator: Credentials
    app: Credentials
    readonly: Credentials
    max_connections: int
    replica_host: pulumi.Output[str] | None = None
    """Answers reads, a moment behind, for `readonly`; on `port` as well. None without a replica."""
    reach: Reach
    """What its clients must be allowed to connect to."""
    ready: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """Resources that must exist before the first connection."""


@dataclass(frozen=True, kw_only=True)
class CacheEndpoint:
    """Valkey or Redis, over TLS and with a login; what is in it may vanish at any time."""

    host: pulumi.Output[str]
    """Of the node that takes writes, whichever that is at the moment."""
    port: int
    login: Credentials
    ca_bundle: pulumi.Output[str] | None
    """PEM that verifies it; None where a public authority does."""
    reach: Reach
    """What its clients must be allowed to connect to."""
    ready: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])


@dataclass(frozen=True, kw_only=True)
class ClickHouseEndpoint:
    """The telemetry store, whose tables are those of the collector's ClickHouse exporter."""

    host: pulumi.Output[str]
    http_port: int
    native_port: int | None
    """None where only the HTTP interface answers: the local stand-in."""
    tls: bool
    """On both ports; without it the wire never leaves the machine."""
    database: str
    writer: Credentials
    """Inserts, and nothing else."""
    reader: Credentials
    """Selects, within bounds."""
    owner: Credentials
    """Makes the tables, and restores them."""
    ca_bundle: pulumi.Output[str] | None
    """PEM that verifies it; None where a public authority does, or nothing has to."""
    reach: Reach
    """What its clients must be allowed to connect to."""
    ready: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """Resources that must exist before the first row, the tables among them."""

    @property
    def url(self) -> pulumi.Output[str]:
        """Of the HTTP interface."""
        scheme = "https" if self.tls else "http"
        return pulumi.Output.concat(scheme, "://", self.host, f":{self.http_port}")


@dataclass(frozen=True, kw_only=True)
class ModelEndpoint:
    """Where the agents' model and the embedding model answer: both OpenAI-compatible, `…/v1` URLs."""

    kind: str
    """`scripted` (the labelled stand-in), `external`, or `vllm`."""
    base_url: pulumi.Output[str]
    handle: str
    """Letta handle of the default model: `<provider>/<model>`."""
    api_key: pulumi.Output[str] | None
    embedding_base_url: pulumi.Output[str]
    embedding_handle: str
    embedding_dim: int
    embedding_api_key: pulumi.Output[str] | None
    reach: tuple[Reach, ...]
    """What the server must be allowed to connect to: the model, and the embedding model where it differs."""
    ready: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])


@dataclass(frozen=True, kw_only=True)
class PublicEdge:
    """How people reach the server: the URL, and the CA that verifies it where it is not a public one."""

    url: pulumi.Output[str]
    ca_certificate: pulumi.Output[str] | None
    name_servers: pulumi.Output[Sequence[str]] | None = None
    """Where the domain must be delegated to, if the platform made its zone."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """Full references of the project's own images, by digest or by content-derived tag."""

    server: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """An S3 bucket for backups and, on AWS, model weights."""

    bucket: pulumi.Output[str]
    region: str
    endpoint_url: pulumi.Output[str] | None
    """Only where it is not AWS's own."""


@dataclass(frozen=True, kw_only=True)
class ModelStore:
    """The bucket that models come from, as pods of the models' namespace see it.

    Each pod is to AWS what its service account is: one may write models, the other reads them.
    """

    bucket: pulumi.Output[str]
    region: str
    cidrs: pulumi.Output[Sequence[str]]
    """Addresses of the store."""
    identity: Reach
    """Where a pod asks for its credentials."""
    ready: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """Must exist before the first pod, which otherwise starts without an identity."""


@dataclass(frozen=True, kw_only=True)
class TelemetryEndpoint:
    """OTLP over gRPC, `http://host:4317`; the server runs without it."""

    otlp_endpoint: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class NamespaceAccess:
    """The one Kubernetes namespace that holds everything of ours, denied by default."""

    name: pulumi.Output[str]
    ready: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """Policies, quota and limits: pods must not start before them."""


@dataclass(frozen=True, kw_only=True)
class ServerSecrets:
    """What the server makes up for itself and cannot do without. Both are secret Outputs."""

    password: pulumi.Output[str]
    encryption_key: pulumi.Output[str]
    """Agents' secrets in the database are encrypted with it."""


@dataclass(frozen=True, kw_only=True)
class PodIdentity:
    """What the server's pods are to the platform, by their service account `server`."""

    reach: Reach
    """Where a pod asks for its credentials."""
    ready: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """Must exist before the first pod, which otherwise starts without an identity."""


@dataclass(frozen=True, kw_only=True)
class MetricSink:
    """Where the pods of one workload publish figures, for alarms that wait for them outside the cluster."""

    namespace: str
    """Of the metrics: the stack's own, and the only one that these pods may write to."""
    region: str
    reach: Reach
    identity: PodIdentity


@dataclass(frozen=True, kw_only=True)
class StorePlace:
    """What a telemetry store in the cluster gets from the platform: a disk, and a folder for backups."""

    storage_class: str
    backups_url: pulumi.Output[str]
    """Of S3's, with the folder; ends in a slash."""
    cidrs: pulumi.Output[Sequence[str]]
    """Where that bucket answers, on 443."""
    identity: PodIdentity
    """Of the service account `clickhouse`, which may write there."""
    backup_sink: MetricSink | None = None
    """Where the daily backup says that it is there; None where no alarm waits for that."""
    ready: list[pulumi.Resource] = field(default_factory=list[pulumi.Resource])
    """Must exist before the first volume."""


@dataclass(frozen=True, kw_only=True)
class ServerEndpoint:
    """The agent server's Service, as an edge needs it."""

    namespace: NamespaceAccess
    service: pulumi.Output[str]
    port: int
    labels: dict[str, str]
    """Labels that select exactly the server's pods, for the edge's NetworkPolicy."""
    secrets: dict[str, pulumi.Output[str]]
    """What the server made up for itself and cannot do without: `password`, `encryptionKey`."""


@dataclass(frozen=True, kw_only=True)
class Supplies:
    """Everything a platform supplies to `infra/workloads/`, which consumes exactly this."""

    images: Images
    database: DatabaseEndpoint
    model: ModelEndpoint
    object_store: ObjectStore | None = None
    telemetry: TelemetryEndpoint | None = None
    server_identity: PodIdentity | None = None
    server_secrets: ServerSecrets | None = None
    """Those of the server whose database this one takes over; absent: it makes up its own."""
    store: StorePlace | None = None
    """Absent without a telemetry store in the cluster, and locally."""
    clickhouse: ClickHouseEndpoint | None = None
    """Where the platform itself has a store; elsewhere the workloads make it, or the settings say where."""
    cache: CacheEndpoint | None = None
    """Absent without `roost:cache`."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a workload goes and what it finds there."""

    cluster: ClusterAccess
    namespace: NamespaceAccess
    supplies: Supplies


class Platform(Protocol):
    """A place to run: the same three steps on a laptop and on AWS."""

    @property
    def cluster(self) -> ClusterAccess:
        """The cluster, reachable."""
        ...

    def supply(self, namespace: NamespaceAccess) -> Supplies:
        """Create database, model and images; call once."""
        ...

    def expose(self, server: ServerEndpoint) -> PublicEdge:
        """Create the public edge in front of the server; call once, after it exists."""
        ...

    def outputs(self) -> CloudOutputs | None:
        """What it adds to the stack's outputs; call last."""
        ...
