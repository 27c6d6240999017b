"""What the packs notice about buckets, backups and log groups."""

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import Change, R, add, both, drop, options, put, without

BUCKET, BACKUP = "aws:s3/bucket:Bucket", "aws:s3/bucket:Bucket::storage-backup"
COPY, LOGS = "aws:s3/bucket:Bucket::storage-backup-copy", "aws:s3/bucket:Bucket::storage-logs"
GROUP = "aws:cloudwatch/logGroup:LogGroup::network-flow-logs"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig::storage-replication"
VAULT, COPIES = "aws:backup/vault:Vault::backup-vault", "aws:backup/vault:Vault::backup-copies"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration::backup-vault"
PLAN, SELECTION = "aws:backup/plan:Plan::backup", "aws:backup/selection:Selection"
DATABASE = f"{SELECTION}::backup-database"
TESTS = "aws:backup/restoreTestingPlan:RestoreTestingPlan::restore-test"
_DEFAULT = "rules[0].applyServerSideEncryptionByDefault"
_HERE = {"region": "eu-central-1"}
_ACCOUNT = "111122223333"
TAGS = {
    "owner": "platform",
    "cost-center": "production",
    "data-class": "confidential",
    "roost:stack": "prod",
    "roost:profile": "prod",
    "managed-by": "pulumi",
}


def part(kind: str, bucket: str = "storage-backup") -> str:
    """A bucket's companion, as `Versioning`."""
    return f"aws:s3/bucket{kind}:Bucket{kind}::{bucket}"


BLOCK, OWNER, VERSIONS = part("PublicAccessBlock"), part("OwnershipControls"), part("Versioning")
ENCRYPTION, LOGGING = part("ServerSideEncryptionConfiguration"), part("Logging")
LIFE, OBJECT_LOCK = part("LifecycleConfiguration"), part("ObjectLockConfiguration")


def unlinked(which: str) -> Change:
    """It belongs to another bucket now."""
    return both(put(which, "bucket", "another"), options(which, depends={}))


def copies_to(region: str) -> Change:
    """Both rules of the plan copy there."""
    arn = f"arn:aws:backup:{region}:{_ACCOUNT}:backup-vault:other"
    return both(*(put(PLAN, f"rules[{number}].copyActions[0].destinationVaultArn", arn) for number in (0, 1)))


_DISK = R(
    "aws:ebs/volume:Volume",
    {
        "size": 10.0,
        "type": "gp3",
        "encrypted": True,
        "kmsKeyId": f"arn:aws:kms:eu-central-1:{_ACCOUNT}:key/d",
        "tags": TAGS,
    },
    name="scratch",
    provider=_HERE,
)
_BY_TAG = R(
    SELECTION,
    {"planId": "p", "selectionTags": [{"key": "backup", "value": "daily"}]},
    name="by-tag",
    provider=_HERE,
)

MUTANTS = (
    *each(
        "anybody may be let in",
        [
            ("no block", without(BLOCK)),
            ("one flag off", put(BLOCK, "restrictPublicBuckets", False)),
            ("one flag not named", drop(BLOCK, "ignorePublicAcls")),
            ("another bucket's block", unlinked(BLOCK)),
            ("the logs' block", put(part("PublicAccessBlock", "storage-logs"), "blockPublicPolicy", False)),
            ("the copy's block", without(part("PublicAccessBlock", "storage-backup-copy"))),
        ],
        "s3-bpa",
    ),
    mutant(
        "anybody may be let in: a flag in dev", put(BLOCK, "blockPublicAcls", False), "s3-bpa", stack="dev"
    ),
    *each(
        "a bucket has ACLs",
        [
            ("nothing says who owns", without(OWNER)),
            ("writers own", put(OWNER, "rule.objectOwnership", "ObjectWriter")),
            ("the owner is only preferred", put(OWNER, "rule.objectOwnership", "BucketOwnerPreferred")),
            ("the copy's", without(part("OwnershipControls", "storage-backup-copy"))),
            ("another bucket's", unlinked(OWNER)),
        ],
        "s3-owner-enforced",
    ),
    *each(
        "versions are lost",
        [
            ("no versioning", without(VERSIONS)),
            ("suspended", put(VERSIONS, "versioningConfiguration.status", "Suspended")),
            ("another bucket's", unlinked(VERSIONS)),
            ("of the logs", without(part("Versioning", "storage-logs"))),
        ],
        "s3-versioning",
    ),
    *each(
        "a bucket is encrypted by S3",
        [
            ("no encryption is named", without(ENCRYPTION)),
            ("AES256", put(ENCRYPTION, f"{_DEFAULT}.sseAlgorithm", "AES256")),
            ("no key", drop(ENCRYPTION, f"{_DEFAULT}.kmsMasterKeyId")),
            ("the key of AWS", put(ENCRYPTION, f"{_DEFAULT}.kmsMasterKeyId", "alias/aws/s3")),
            ("no bucket key", put(ENCRYPTION, "rules[0].bucketKeyEnabled", False)),
            (
                "the copy",
                without(part("ServerSideEncryptionConfiguration", "storage-backup-copy")),
            ),
        ],
        "s3-kms",
    ),
    mutant(
        "the logs say nothing of encryption",
        without(part("ServerSideEncryptionConfiguration", "storage-logs")),
    ),
    mutant("the logs are not tagged as such", put(LOGS, "tags.role", "other"), "s3-kms", "s3-access-logs"),
    *each(
        "nobody knows who reads a bucket",
        [
            ("no logging", without(LOGGING)),
            ("another bucket's", unlinked(LOGGING)),
            (
                "it logs to itself",
                options(LOGGING, depends={"bucket": ["storage-backup"], "targetBucket": ["storage-backup"]}),
            ),
        ],
        "s3-access-logs",
    ),
    *each(
        "what is old stays, or backups do not",
        [
            ("no lifecycle", without(LIFE)),
            ("old versions stay", drop(LIFE, "rules[0].noncurrentVersionExpiration")),
            ("broken uploads stay", drop(LIFE, "rules[0].abortIncompleteMultipartUpload")),
            ("the rule is off", put(LIFE, "rules[0].status", "Disabled")),
            ("the rule is for some objects", put(LIFE, "rules[0].filter.prefix", "dumps/")),
            ("backups end within the lock", put(LIFE, "rules[0].expiration.days", 7)),
            (
                "copies end early",
                put(part("LifecycleConfiguration", "storage-backup-copy"), "rules[0].expiration.days", 34),
            ),
        ],
        "s3-lifecycle",
    ),
    *each(
        "backups can be deleted",
        [
            ("the bucket has no lock", put(BACKUP, "objectLockEnabled", False)),
            ("nothing is locked", without(OBJECT_LOCK)),
            ("by whoever may", put(OBJECT_LOCK, "rule.defaultRetention.mode", "GOVERNANCE")),
            ("a day early", put(OBJECT_LOCK, "rule.defaultRetention.days", 6)),
            ("the copies", without(part("ObjectLockConfiguration", "storage-backup-copy"))),
        ],
        "s3-object-lock",
    ),
    *each(
        "backups are in one region",
        [
            ("nothing is copied", without(REPLICATION)),
            ("the rule is off", put(REPLICATION, "rules[0].status", "Disabled")),
            ("some objects are", put(REPLICATION, "rules[0].filter.prefix", "dumps/")),
            ("no key", drop(REPLICATION, "rules[0].destination.encryptionConfiguration")),
            ("encrypted ones are not", drop(REPLICATION, "rules[0].sourceSelectionCriteria")),
            ("deletions are left open", drop(REPLICATION, "rules[0].deleteMarkerReplication")),
        ],
        "s3-crr",
    ),
    mutant("the copies of backups are beside them", drop(COPY, "region"), "s3-crr"),
    *each(
        "a destroy empties a bucket",
        [
            ("of backups", put(BACKUP, "forceDestroy", True)),
            ("of logs", put(LOGS, "forceDestroy", True)),
            ("of copies", put(COPY, "forceDestroy", True)),
        ],
        "s3-no-force-destroy",
    ),
    *each(
        "logs are gone too soon, or never",
        [
            ("a day short", put(GROUP, "retentionInDays", 364)),
            ("for ever", put(GROUP, "retentionInDays", 0)),
            ("for ever, unsaid", drop(GROUP, "retentionInDays")),
            ("the firewall's", put("aws:cloudwatch/logGroup:LogGroup::edge-firewall", "retentionInDays", 30)),
        ],
        "log-retention",
    ),
    *each(
        "logs have no key",
        [
            ("the network's", drop(GROUP, "kmsKeyId")),
            ("the firewall's", drop("aws:cloudwatch/logGroup:LogGroup::edge-firewall", "kmsKeyId")),
            ("the database's", put("aws:cloudwatch/logGroup:LogGroup::database-postgresql", "kmsKeyId", "")),
        ],
        "log-kms",
    ),
    *each(
        "a vault is weak",
        [
            ("no key", drop(VAULT, "kmsKeyArn")),
            ("no key of the copies", drop(COPIES, "kmsKeyArn")),
            ("it goes with all in it", put(VAULT, "forceDestroy", True)),
        ],
        "bkp-vault-kms",
    ),
    *each(
        "a vault is open",
        [
            ("no lock", without(LOCK)),
            ("no lock on the copies", without(LOCK.replace("backup-vault", "backup-copies"))),
            ("a day short", put(LOCK, "minRetentionDays", 34)),
            (
                "the lock is another one's",
                both(put(LOCK, "backupVaultName", "another"), options(LOCK, depends={})),
            ),
        ],
        "bkp-vault-lock",
    ),
    *each(
        "recovery points stay in the region",
        [
            ("no copies", both(*(drop(PLAN, f"rules[{number}].copyActions") for number in (0, 1)))),
            ("beside them", copies_to("eu-central-1")),
        ],
        "bkp-copy-region",
    ),
    *each(
        "recovery points go too soon",
        [
            ("a day short", put(PLAN, "rules[0].lifecycle.deleteAfter", 34)),
            ("the monthly ones", put(PLAN, "rules[1].lifecycle.deleteAfter", 7)),
            ("the copies", put(PLAN, "rules[0].copyActions[0].lifecycle.deleteAfter", 7)),
        ],
        "bkp-retention",
    ),
    mutant("nobody tests a restore", without(TESTS), "bkp-restore-testing"),
    *each(
        "something is in no plan",
        [
            ("nothing selects the database", without(DATABASE)),
            ("nothing selects a volume", add(_DISK)),
            ("by a tag that it lacks", add(_DISK, _BY_TAG)),
        ],
        "bkp-plan-coverage",
    ),
)
