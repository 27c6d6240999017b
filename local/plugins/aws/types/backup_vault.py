"""AWS Backup's vaults, their locks, and whom they tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    pick,
    put,
)
from local.plugins.aws.types.backup_shared import ABSENT, retag, tags_of

_LOCK = {
    "changeableForDays": "ChangeableForDays",
    "maxRetentionDays": "MaxRetentionDays",
    "minRetentionDays": "MinRetentionDays",
}


class Vault(Resource):
    """Its id is its name. One with recovery points is not deleted, whatever `forceDestroy` says."""

    token: ClassVar[str] = "aws:backup/vault:Vault"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "kmsKeyArn"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=50)
    defaults: ClassVar[Mapping[str, Any]] = {"forceDestroy": False}
    # The official provider's own switch.
    unreadable: ClassVar[frozenset[str]] = frozenset({"forceDestroy"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        if not inputs.get("kmsKeyArn"):
            raise ResourceError("the fallback aws plugin knows no backup vault without kmsKeyArn")
        aws.client("backup").create_backup_vault(
            BackupVaultName=inputs["name"],
            EncryptionKeyArn=inputs["kmsKeyArn"],
            BackupVaultTags=inputs.get("tags") or {},
        )
        return inputs["name"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        vault = _vault(aws, id)
        if vault is None:
            return None
        return {
            "arn": vault["BackupVaultArn"],
            "name": vault["BackupVaultName"],
            "kmsKeyArn": vault["EncryptionKeyArn"],
            "recoveryPoints": vault.get("NumberOfRecoveryPoints", 0),
            "tags": tags_of(aws, vault["BackupVaultArn"]),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        vault = _vault(aws, id)
        if vault is not None and "tags" in changed:
            retag(aws, vault["BackupVaultArn"], old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            aws.client("backup").delete_backup_vault(BackupVaultName=id)


class VaultLockConfiguration(Resource):
    """Its id is the vault's name. With `changeableForDays` nobody changes it once they are over."""

    token: ClassVar[str] = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"  # noqa: S105
    replaces: ClassVar[frozenset[str]] = frozenset({"backupVaultName", *_LOCK})
    delete_before_replace: ClassVar[bool] = True
    # AWS gives back the date that follows from it.
    unreadable: ClassVar[frozenset[str]] = frozenset({"changeableForDays"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        aws.client("backup").put_backup_vault_lock_configuration(
            BackupVaultName=inputs["backupVaultName"], **put(inputs, _LOCK)
        )
        return inputs["backupVaultName"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        vault = _vault(aws, id)
        if vault is None or not vault.get("Locked"):
            return None
        names = {"MinRetentionDays": "minRetentionDays", "MaxRetentionDays": "maxRetentionDays"}
        return {
            **pick(vault, {**names, "BackupVaultArn": "backupVaultArn", "BackupVaultName": "backupVaultName"})
        }

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            aws.client("backup").delete_backup_vault_lock_configuration(BackupVaultName=id)


class VaultNotifications(Resource):
    """Its id is the vault's name."""

    token: ClassVar[str] = "aws:backup/vaultNotifications:VaultNotifications"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"backupVaultName", "backupVaultEvents", "snsTopicArn"})
    delete_before_replace: ClassVar[bool] = True
    unordered: ClassVar[frozenset[str]] = frozenset({"backupVaultEvents"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        aws.client("backup").put_backup_vault_notifications(
            BackupVaultName=inputs["backupVaultName"],
            SNSTopicArn=inputs["snsTopicArn"],
            BackupVaultEvents=list(inputs["backupVaultEvents"]),
        )
        return inputs["backupVaultName"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            found = aws.client("backup").get_backup_vault_notifications(BackupVaultName=id)
            return {
                "backupVaultName": id,
                "backupVaultArn": found["BackupVaultArn"],
                "backupVaultEvents": found["BackupVaultEvents"],
                "snsTopicArn": found["SNSTopicArn"],
            }
        return None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            aws.client("backup").delete_backup_vault_notifications(BackupVaultName=id)


def _vault(aws: Aws, name: str) -> Properties | None:
    with absent_is_fine(*ABSENT):
        return dict(aws.client("backup").describe_backup_vault(BackupVaultName=name))
    return None


RESOURCES: tuple[Resource, ...] = (Vault(), VaultLockConfiguration(), VaultNotifications())
