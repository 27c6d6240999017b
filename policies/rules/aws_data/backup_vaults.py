"""AWS Backup's vaults: encrypted, and not to be emptied."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types

VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"


class VaultLock(Settings):
    """How vaults are locked."""

    min_days: int = Field(
        default=35, ge=1, description="The least number of days that a lock keeps a recovery point."
    )


@resource_rule(
    "bkp-vault-kms",
    types(VAULT),
    title="A backup vault encrypts with a key of its owner's, and is not deleted with what is in it",
    why="Backups hold all that the database holds; with AWS's own key they cannot be shared or shut off.",
    fix="Set the vault's kmsKeyArn, and leave forceDestroy out.",
    severity=Severity.MEDIUM,
    refs="FSBP Backup.1, CKV AWS_166",
    dev="advisory",
    prod="mandatory",
)
def vault(one: Resource, check: Check) -> None:
    if not one["kmsKeyArn"].present:
        check.violation("no key is named, so that AWS takes its own", one["kmsKeyArn"])
    if one["forceDestroy"].truth(default=False):
        check.violation("the vault goes with all recovery points in it", one["forceDestroy"])


@stack_rule(
    "bkp-vault-lock",
    types(VAULT, LOCK),
    title="A backup vault is locked: no recovery point goes before its time",
    why="Who takes over an administrator's role deletes the backups first.",
    fix="Give the vault a VaultLockConfiguration with the minRetentionDays that the rule's setting asks for.",
    severity=Severity.HIGH,
    refs="",
    url="https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html",
    dev="disabled",
    prod="mandatory",
    settings=VaultLock,
)
def vault_lock(stack: Stack, check: Check) -> None:
    days = check.settings(VaultLock).min_days
    for one in stack.of(VAULT):
        with check.on(one):
            locks = stack.companions(one, LOCK, "backupVaultName")
            if not locks:
                check.violation("nothing locks the vault")
            for lock in locks:
                with check.part():
                    kept = lock["minRetentionDays"]
                    if kept.number(default=0) < days:
                        check.violation(f"the lock lets recovery points go before {days} days", kept)
