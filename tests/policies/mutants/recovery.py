"""What the packs notice about what is left after a disaster, or a wrong plan."""

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import Change, R, add, both, drop, options, put, without

DB = "aws:rds/instance:Instance::database"
COPY = (
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication::database-backups-copy"
)
KEY = "aws:kms/key:Key::keys"
CLUSTER = "aws:eks/cluster:Cluster::cluster"
GROUP = "aws:ec2/securityGroup:SecurityGroup::database"
_ARN = "arn:aws:rds:eu-central-1:111122223333:db:roost"
ROLE = "aws:iam/role:Role::cluster"


def ignoring(which: str, *props: str) -> Change:
    return options(which, ignore_changes=props)


MUTANTS = (
    *each(
        "it can be destroyed",
        [
            (name, options(which, protect=False))
            for name, which in {
                "the database": DB,
                "the data's key": f"{KEY}-data",
                "the backups' key": f"{KEY}-backup",
                "its replica": "aws:kms/replicaKey:ReplicaKey::keys-backup-replica",
                "the cluster": CLUSTER,
                "backups": "aws:s3/bucket:Bucket::storage-backup",
                "copies of backups": "aws:s3/bucket:Bucket::storage-backup-copy",
            }.items()
        ],
        "dr-protect",
    ),
    mutant("the logs can be destroyed", options("aws:s3/bucket:Bucket::storage-logs", protect=False)),
    *each(
        "what the program says does not happen",
        [
            ("the database's address", ignoring(DB, "publiclyAccessible")),
            ("the database's groups", ignoring(DB, "kmsKeyId", "vpcSecurityGroupIds")),
            ("all of the database", ignoring(DB, "*")),
            ("a part of the cluster's", ignoring(CLUSTER, "vpcConfig.publicAccessCidrs[0]")),
            ("all of the cluster's network", ignoring(CLUSTER, "vpcConfig")),
            ("a group's rules", ignoring(GROUP, "ingress")),
            ("a key's policy", ignoring(f"{KEY}-data", "policy")),
            ("who takes a role", ignoring(ROLE, "assume_role_policy")),
        ],
        "dr-ignore-changes",
    ),
    mutant("tags are ignored", ignoring(CLUSTER, "tags")),
    mutant(
        "what dev says does not happen",
        ignoring(f"{KEY}-data", "enableKeyRotation"),
        "dr-ignore-changes",
        stack="dev",
    ),
    *each(
        "the database is in one region",
        [
            ("no copies", without(COPY)),
            ("copies beside it", drop(COPY, "region")),
            ("no key", drop(COPY, "kmsKeyId")),
            ("a key from here", put(COPY, "kmsKeyId", "arn:aws:kms:eu-central-1:111122223333:key/here")),
            ("a day less", put(COPY, "retentionPeriod", 34)),
            ("as long as AWS does by itself", drop(COPY, "retentionPeriod")),
            (
                "copies of another one",
                both(put(COPY, "sourceDbInstanceArn", f"{_ARN}-two"), options(COPY, depends={})),
            ),
        ],
        "dr-second-region",
    ),
    mutant(
        "a volume claim can be destroyed",
        add(
            R(
                "kubernetes:core/v1:PersistentVolumeClaim",
                {
                    "metadata": {"name": "files", "namespace": "roost"},
                    "spec": {"storageClassName": "roost-gp3"},
                },
                name="files",
            )
        ),
        "dr-protect",
    ),
)
