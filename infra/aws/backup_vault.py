"""A vault of AWS Backup, locked: no recovery point in it goes before its time."""

from __future__ import annotations

import pulumi
from pulumi_aws import backup

from infra.options import Options
from infra.settings.aws_recovery import VaultLockSettings


class BackupVault(pulumi.ComponentResource):
    """It outlives the stack, as what is in it does. `region` is another one than the stack's."""

    def __init__(
        self,
        name: str,
        lock: VaultLockSettings,
        *,
        key_arn: pulumi.Output[str],
        region: str | None = None,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:BackupVault", name, None, opts)
        # Autonamed: a stack that comes after this one finds the old vault still there.
        vault = backup.Vault(name, kms_key_arn=key_arn, region=region, opts=options.final_copy(self))
        backup.VaultLockConfiguration(
            name,
            backup_vault_name=vault.name,
            region=region,
            min_retention_days=lock.min_days,
            max_retention_days=lock.max_days,
            # Its being there is what makes a lock a permanent one.
            changeable_for_days=lock.cooling_off_days if lock.mode == "COMPLIANCE" else None,
            opts=options.final_copy(self),
        )
        self.name: pulumi.Output[str] = vault.name
        self.arn: pulumi.Output[str] = vault.arn
        self.register_outputs({"name": self.name, "arn": self.arn})
