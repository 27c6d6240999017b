"""The public contract of a stack: what scripts and people may rely on, exported once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel


@dataclass(frozen=True, kw_only=True)
class ClusterOutputs:
    """The Kubernetes cluster."""

    name: str
    arn: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    version: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class DatabaseOutputs:
    """Postgres; every host listens on `port` and is reached from inside the network only."""

    host: pulumi.Output[str]
    port: int
    name: str
    replica_host: pulumi.Output[str] | None
    identifier: pulumi.Output[str]
    arn: pulumi.Output[str]
    resource_id: pulumi.Output[str]
    """What `roost:aws.database.restore.sourceInstance` of another stack takes."""


@dataclass(frozen=True, kw_only=True)
class CacheOutputs:
    """The cache, over TLS only and from inside the network only."""

    host: pulumi.Output[str]
    """Takes writes."""
    reader_host: pulumi.Output[str]
    """Answers reads, a moment behind."""
    port: int
    arn: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class LoadBalancerOutputs:
    """Where the domain leads."""

    arn: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    target_group_arn: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class SecretReferences:
    """ARNs of entries in Secrets Manager, never what is in them."""

    database_master: pulumi.Output[str]
    """RDS keeps and rotates it."""
    server: pulumi.Output[str]
    """JSON with the server's `password` and `encryptionKey`; outlives the stack."""


@dataclass(frozen=True, kw_only=True)
class Commands:
    """For a shell with the AWS CLI and rights to do it. They name secrets and hold none."""

    kubeconfig: str
    """Lets kubectl in."""
    registry_login: pulumi.Output[str]
    """Lets docker push."""
    database_password: pulumi.Output[str]
    """Prints the master login as JSON."""
    psql: pulumi.Output[str]
    """From a checkout, where the database's security group admits: a node of the cluster."""
    server_secrets: pulumi.Output[str]
    """Prints the server's password and encryption key as JSON."""


@dataclass(frozen=True, kw_only=True)
class RecoveryOutputs:
    """What a stack in the DR region starts from when this one and its region are gone."""

    region: str
    key_arn: pulumi.Output[str] | None
    backup_bucket_arn: pulumi.Output[str] | None
    database_backups_arn: pulumi.Output[str] | None
    """What `roost:aws.database.restore.sourceBackupsArn` takes there."""
    server_secret_arn: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class CloudOutputs:
    """Outputs of a stack in a cloud account, each group exported under its own name."""

    account: str
    region: str
    cluster: ClusterOutputs
    database: DatabaseOutputs
    cache: CacheOutputs | None
    """Absent without `roost:cache`."""
    load_balancer: LoadBalancerOutputs
    registry: dict[str, pulumi.Output[str]]
    """Repository by image."""
    buckets: dict[str, pulumi.Output[str]]
    """ARN by purpose."""
    keys: dict[str, pulumi.Output[str]]
    """ARN by purpose."""
    secrets: SecretReferences
    commands: Commands
    recovery: RecoveryOutputs | None
    """Absent without a DR region."""


@dataclass(frozen=True, kw_only=True)
class StoreOutputs:
    """The telemetry store, for who reads it from inside the cluster."""

    url: pulumi.Output[str]
    """Of its HTTP interface."""
    database: str
    reader: str
    """A login that only selects."""
    password: pulumi.Output[str]
    """The reader's, a secret."""


@dataclass(frozen=True, kw_only=True)
class StackOutputs:
    """Outputs of every stack, on every platform; exported in camelCase."""

    url: pulumi.Output[str]
    """Base URL of the server, for people and for `letta-client`."""
    ca_certificate: pulumi.Output[str] | None
    """PEM of the authority that signed the edge's certificate; absent where it is a public one."""
    name_servers: pulumi.Output[Sequence[str]] | None
    """Of the zone that the stack made: the domain's parent must delegate to them. Absent otherwise."""
    admin_password: pulumi.Output[str]
    """The server's password, a secret: `pulumi stack output adminPassword --show-secrets`."""
    namespace: pulumi.Output[str]
    model_kind: str
    """`scripted` (a stand-in), `external` or `vllm`."""
    database_revision: str
    images: dict[str, pulumi.Output[str]]
    telemetry_store: StoreOutputs | None
    """Absent without one."""
    cloud: CloudOutputs | None
    """Absent on a platform of one's own; else exported as if its groups were here."""


def export(outputs: StackOutputs) -> None:
    """Make them the stack's outputs; what a platform does not have is left out."""
    exported = _plain(outputs)
    exported |= exported.pop("cloud", {})
    for name, value in exported.items():
        pulumi.export(name, value)


def _plain(group: Any) -> dict[str, Any]:
    """A dataclass and those within it as mappings, without what is absent."""
    values = {to_camel(field.name): getattr(group, field.name) for field in fields(group)}
    return {
        name: _plain(value) if is_dataclass(value) else value
        for name, value in values.items()
        if value is not None
    }
