"""What holds data cannot be destroyed by a wrong plan, and its security cannot drift unseen."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, options, put, same

DB = "aws:rds/instance:Instance"
BUCKET = "aws:s3/bucket:Bucket"
STATEFUL = "kubernetes:apps/v1:StatefulSet"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
ROLE = "aws:iam/role:Role"

_RETAINED = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}}
_DELETED = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}

EXAMPLES = (
    Example(
        "dr-protect",
        good=(
            R(DB, {"identifier": "db"}, name="db", protect=True),
            R("aws:kms/key:Key", {"description": "k1"}, name="key", protect=True),
            R("aws:kms/replicaKey:ReplicaKey", {"primaryKeyArn": "arn"}, name="replica-key", protect=True),
            R("aws:backup/vault:Vault", {"name": "v1"}, name="vault", protect=True),
            R(CLUSTER, {"name": "c1"}, name="cluster", protect=True),
            R("aws:rds/cluster:Cluster", {"engine": "aurora-postgresql"}, name="aurora", protect=True),
            R(BUCKET, {"tags": {"role": "backup"}}, name="backups", protect=True),
            R(CLAIM, {"metadata": {"name": "disk-1"}}, name="claim", protect=True),
        ),
        bad={
            **{
                f"{name} is not protected": options(name, protect=False)
                for name in ("db", "key", "replica-key", "vault", "cluster", "aurora", "backups", "claim")
            },
            "a copy of backups is not protected": add(
                R(BUCKET, {"tags": {"role": "backup-copy"}}, name="copy")
            ),
            "a StatefulSet deletes its claims": add(R(STATEFUL, {"spec": _DELETED}, name="events")),
            "two are not protected": Bad(
                both(options("db", protect=False), options("key", protect=False)), 2
            ),
        },
        fine={
            "a bucket of logs": add(R(BUCKET, {"tags": {"role": "logs"}}, name="logs")),
            "a bucket of nothing": add(R(BUCKET, {}, name="plain")),
            "a replica": add(R(DB, {"replicateSourceDb": "db"}, name="follower")),
            "a StatefulSet leaves its claims": add(R(STATEFUL, {"spec": _RETAINED}, name="events")),
            "a StatefulSet says nothing of its claims": add(R(STATEFUL, {"spec": {}}, name="events")),
            "what is not asked for": add(R("aws:dynamodb/table:Table", {}, name="table")),
        },
        open={
            "nobody knows what the bucket is for": both(
                options("backups", protect=False), put("backups", "tags", UNKNOWN)
            )
        },
        patches=False,
    ),
    Example(
        "dr-protect",
        good=(R("aws:dynamodb/table:Table", {"name": "t"}, name="table", protect=True),),
        bad={"it is asked for": options("table", protect=False)},
        fine={"what is asked for no more": add(R(DB, {}, name="db"))},
        config={"types": ["aws:dynamodb/table:Table"]},
        decided=True,
    ),
    Example(
        "dr-ignore-changes",
        good=(
            R(DB, {"identifier": "db"}, name="db"),
            R(BUCKET, {"bucket": "b"}, name="bucket"),
            R(CLUSTER, {"name": "c"}, name="cluster"),
            R(GROUP, {"name": "g"}, name="group"),
            R("aws:ec2/securityGroupRule:SecurityGroupRule", {"type": "egress"}, name="group-rule"),
            R(
                "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
                {"ipProtocol": "tcp"},
                name="way-in",
            ),
            R(ROLE, {"name": "r"}, name="role"),
            R("aws:iam/rolePolicy:RolePolicy", {"role": "r"}, name="role-policy"),
            R("aws:kms/key:Key", {"description": "k"}, name="key"),
            R(CLAIM, {"metadata": {"name": "disk-1"}}, name="claim"),
        ),
        bad={
            "a flag": options("db", ignore_changes=("publiclyAccessible",)),
            "in the other spelling": options("db", ignore_changes=("publicly_accessible",)),
            "beside what is harmless": options("db", ignore_changes=("tags", "storageEncrypted")),
            "two": Bad(options("db", ignore_changes=("deletionProtection", "multiAz")), 2),
            "everything": options("db", ignore_changes=("*",)),
            "everything of a claim": options("claim", ignore_changes=("*",)),
            "a part of it": options("cluster", ignore_changes=("vpcConfig.publicAccessCidrs[0]",)),
            "a part of it, in brackets": options(
                "cluster", ignore_changes=('vpcConfig["publicAccessCidrs"]',)
            ),
            "all around it": Bad(options("cluster", ignore_changes=("vpcConfig",)), 4),
            "any part": Bad(options("cluster", ignore_changes=("vpcConfig.*",)), 4),
            "rules of a group": options("group", ignore_changes=("ingress",)),
            "one rule of a group": options("group", ignore_changes=("ingress[0].cidrBlocks",)),
            "a rule's range": options("group-rule", ignore_changes=("cidrBlocks",)),
            "a newer rule's range": options("way-in", ignore_changes=("cidrIpv4",)),
            "who may take a role": options("role", ignore_changes=("assumeRolePolicy",)),
            "what a role may do": options("role-policy", ignore_changes=("policy",)),
            "a key's policy": options("key", ignore_changes=("policy",)),
            "a bucket's policy": options("bucket", ignore_changes=("policy",)),
        },
        fine={
            "what a restore brings": options(
                "db", ignore_changes=("snapshotIdentifier", "restoreToPointInTime", "kmsKeyId")
            ),
            "a name that only begins alike": options("db", ignore_changes=("multiAzNotes",)),
            "tags": options("group", ignore_changes=("tags", "description")),
            "subnets": options("cluster", ignore_changes=("vpcConfig.subnetIds",)),
            "a claim's size": options("claim", ignore_changes=("spec.resources",)),
            "nothing": same,
        },
        decided=True,
    ),
)
