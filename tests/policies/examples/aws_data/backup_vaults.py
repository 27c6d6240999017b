"""AWS Backup's vaults: encrypted, and not to be emptied."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"

EXAMPLES = (
    Example(
        "bkp-vault-kms",
        good=(R(VAULT, {"kmsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/b", "forceDestroy": False}),),
        bad={
            "no key is named": drop("it", "kmsKeyArn"),
            "it goes with what is in it": put("it", "forceDestroy", True),
            "both": Bad(both(drop("it", "kmsKeyArn"), put("it", "forceDestroy", True)), 2),
        },
        fine={
            "the key is not known yet": put("it", "kmsKeyArn", UNKNOWN),
            "nothing is said of its end": drop("it", "forceDestroy"),
        },
    ),
    Example(
        "bkp-vault-lock",
        good=(
            R(VAULT, {"name": "daily"}, name="vault"),
            R(
                LOCK,
                {"backupVaultName": "daily", "minRetentionDays": 35, "changeableForDays": 3},
                name="lock",
                depends={"backupVaultName": ["vault"]},
            ),
        ),
        bad={
            "there is no lock": without("lock"),
            "a day too short": put("lock", "minRetentionDays", 34),
            "it keeps nothing": drop("lock", "minRetentionDays"),
            "it is another vault's": both(
                put("lock", "backupVaultName", "other"), options("lock", depends={})
            ),
            "a second vault has none": add(R(VAULT, {"name": "weekly"}, name="second")),
        },
        fine={
            "it is linked by its name alone": options("lock", depends={}),
            "it can be taken off by whoever may": drop("lock", "changeableForDays"),
        },
        open={
            "nobody knows whose it is": both(
                put("lock", "backupVaultName", UNKNOWN), options("lock", depends={})
            )
        },
        companions_hide=True,
    ),
)
