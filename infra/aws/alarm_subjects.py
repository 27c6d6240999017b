"""What alarms are about: which of them a stack has, and the dimensions of its parts."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from infra.aws.alarm_spec import Facts
from infra.aws.backup_vault import BackupVault
from infra.aws.parts import StackParts
from infra.aws.storage import REPLICATION_RULE
from infra.settings import Settings
from infra.settings.aws_alarms import AlarmSettings

Dimensions = Mapping[str, pulumi.Input[str]]


def facts_of(
    settings: Settings, alarms: AlarmSettings, parts: StackParts, vaults: Mapping[str, BackupVault]
) -> Facts:
    """Known from the settings alone, so that a preview shows every alarm."""
    assert settings.aws is not None  # the platform has it
    aws, models = settings.aws, settings.inference if settings.model.kind == "vllm" else None
    store = settings.clickhouse
    return Facts(
        prefix=parts.place.prefix,
        thresholds=alarms.thresholds,
        storage_gib=aws.database.storage_gib,
        max_connections=aws.database.max_connections,
        burstable=aws.database.instance_class.startswith("db.t"),
        replica=aws.database.read_replica,
        nat_zones=tuple(parts.network.nat_gateway_ids),
        node_metrics=aws.cluster.observability,
        copies=parts.storage.backup_copy is not None,
        models=None if models is None else "by-schedule" if models.schedule else "always",
        store_backup_minutes=store.backup.deadline_minutes if store.kind == "in-cluster" else None,
        vaults=tuple(vaults),
    )


def subjects_of(parts: StackParts, vaults: Mapping[str, BackupVault]) -> dict[str, Dimensions]:
    """By the names that the specifications use."""
    database, edge, copy = parts.database, parts.edge, parts.storage.backup_copy
    found: dict[str, Dimensions] = {
        "stack": {},  # its metrics have a namespace of their own
        "cluster": {"ClusterName": parts.cluster.cluster_name},
        "database": {"DBInstanceIdentifier": database.made_identifier},
        "database-insights": {"DbiResourceId": database.resource_id},
        "load-balancer": {"LoadBalancer": edge.arn_suffix},
        "targets": {"TargetGroup": edge.target_group_suffix, "LoadBalancer": edge.arn_suffix},
        "certificate": {"CertificateArn": edge.certificate_arn},
        **{f"nat-{zone}": {"NatGatewayId": id_} for zone, id_ in parts.network.nat_gateway_ids.items()},
        **{f"vault-{name}": {"BackupVaultName": vault.name} for name, vault in vaults.items()},
    }
    if database.replica_identifier is not None:
        found["replica"] = {"DBInstanceIdentifier": database.replica_identifier}
    if copy is not None:
        found["backup-copies"] = {
            "SourceBucket": parts.storage.backup.name,
            "DestinationBucket": copy.name,
            "RuleId": REPLICATION_RULE,
        }
    return found
