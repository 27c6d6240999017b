"""What holds data cannot be destroyed by a wrong plan, and its security cannot drift unseen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pulumi_policy import Severity
from pydantic import Field, field_validator

from policies.lib.buckets import BUCKET, BucketRoles, holds_backups
from policies.lib.check import Check
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.types import types

INSTANCE = "aws:rds/instance:Instance"
STATEFUL = "kubernetes:apps/v1:StatefulSet"
ROW = (
    INSTANCE,
    "aws:rds/cluster:Cluster",
    "aws:kms/key:Key",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:backup/vault:Vault",
    "aws:eks/cluster:Cluster",
    BUCKET,
    "kubernetes:core/v1:PersistentVolumeClaim",
    STATEFUL,
)
"""What cannot be made again, or takes the rest with it."""
MORE = (
    "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault",
    "aws:docdb/cluster:Cluster",
    "aws:dynamodb/table:Table",
    "aws:ebs/volume:Volume",
    "aws:ecr/repository:Repository",
    "aws:efs/fileSystem:FileSystem",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:neptune/cluster:Cluster",
    "aws:opensearch/domain:Domain",
    "aws:rds/globalCluster:GlobalCluster",
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
    "aws:secretsmanager/secret:Secret",
)
"""What can be asked for beside it."""


class Protected(BucketRoles):
    """What is to be protected."""

    types: tuple[str, ...] = Field(
        default=ROW,
        description="Types whose resources must be protected; of buckets those of backups, and of "
        "StatefulSets those that delete their claims.",
    )

    @field_validator("types")
    @classmethod
    def _are_known(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(given) - {*ROW, *MORE}):
            raise ValueError(f"{unknown[0]} is none of {', '.join((*ROW, *MORE))}")
        return given


@resource_rule(
    "dr-protect",
    types(ROW, MORE),
    title="The engine refuses to delete what holds data",
    why="A wrong rename or a change that replaces is one keypress away from deleting a database.",
    fix="Set the resource option protect to true.",
    severity=Severity.HIGH,
    refs="",
    url="https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
    dev="disabled",
    prod="mandatory",
    settings=Protected,
    departs="Claims that a StatefulSet makes are no resources of the stack, and outlive it unless it says "
    "otherwise: then the StatefulSet must be protected. A read replica can be made anew.",
)
def protect(resource: Resource, check: Check) -> None:
    settings = check.settings(Protected)
    if resource.protect or resource.type not in settings.types or resource.patch:
        return
    if resource.type == BUCKET and not holds_backups(resource, settings):
        return
    if resource.type == STATEFUL and not _deletes_claims(resource):
        return
    if resource.type == INSTANCE and resource["replicateSourceDb"].present:
        return
    check.violation("it is not protected")


def _deletes_claims(stateful: Resource) -> bool:
    return stateful["spec.persistentVolumeClaimRetentionPolicy.whenDeleted"].text() == "Delete"


_RDS = (
    "backupRetentionPeriod",
    "caCertIdentifier",
    "deleteAutomatedBackups",
    "deletionProtection",
    "enabledCloudwatchLogsExports",
    "iamDatabaseAuthenticationEnabled",
    "manageMasterUserPassword",
    "masterUserSecretKmsKeyId",
    "skipFinalSnapshot",
    "storageEncrypted",
    "vpcSecurityGroupIds",
)
_SECURITY = {
    INSTANCE: (*_RDS, "multiAz", "parameterGroupName", "publiclyAccessible"),
    "aws:rds/cluster:Cluster": (*_RDS, "dbClusterParameterGroupName"),
    "aws:kms/key:Key": ("deletionWindowInDays", "enableKeyRotation", "isEnabled", "policy"),
    "aws:kms/replicaKey:ReplicaKey": ("deletionWindowInDays", "enabled", "policy"),
    "aws:backup/vault:Vault": ("forceDestroy", "kmsKeyArn"),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": ("maxRetentionDays", "minRetentionDays"),
    "aws:backup/vaultPolicy:VaultPolicy": ("policy",),
    "aws:eks/cluster:Cluster": (
        "accessConfig",
        "deletionProtection",
        "enabledClusterLogTypes",
        "encryptionConfig",
        "vpcConfig.endpointPrivateAccess",
        "vpcConfig.endpointPublicAccess",
        "vpcConfig.publicAccessCidrs",
        "vpcConfig.securityGroupIds",
    ),
    BUCKET: (
        "acl",
        "forceDestroy",
        "grants",
        "logging",
        "objectLockConfiguration",
        "objectLockEnabled",
        "policy",
        "serverSideEncryptionConfiguration",
        "versioning",
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": ("rule",),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("rule",),
    "aws:s3/bucketPolicy:BucketPolicy": ("policy",),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ("rules",),
    "aws:s3/bucketVersioning:BucketVersioning": ("versioningConfiguration",),
    "aws:ec2/securityGroup:SecurityGroup": ("egress", "ingress"),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ("egress", "ingress"),
    "aws:ec2/securityGroupRule:SecurityGroupRule": (
        "cidrBlocks",
        "fromPort",
        "ipv6CidrBlocks",
        "prefixListIds",
        "protocol",
        "sourceSecurityGroupId",
        "toPort",
    ),
    **{
        f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule": (
            "cidrIpv4",
            "cidrIpv6",
            "fromPort",
            "ipProtocol",
            "prefixListId",
            "referencedSecurityGroupId",
            "toPort",
        )
        for way in ("Ingress", "Egress")
    },
    "aws:iam/policy:Policy": ("policy",),
    "aws:iam/role:Role": ("assumeRolePolicy", "inlinePolicies", "managedPolicyArns", "permissionsBoundary"),
    "aws:iam/user:User": ("permissionsBoundary",),
    **{f"aws:iam/{one}Policy:{one.title()}Policy": ("policy",) for one in ("role", "group", "user")},
    **{
        f"aws:iam/{one}PolicyAttachment:{one.title()}PolicyAttachment": ("policyArn",)
        for one in ("role", "group", "user")
    },
    "kubernetes:core/v1:PersistentVolumeClaim": (),
}
"""By type, the properties on which other rules of these packs decide."""


@resource_rule(
    "dr-ignore-changes",
    types(_SECURITY),
    title="No security property is ignored",
    why="What the program says about an ignored property does not happen: a review sees a closed door that "
    "is open, and what somebody changed by hand stays.",
    fix="Take the property out of the resource option ignoreChanges.",
    severity=Severity.HIGH,
    refs="",
    url="https://www.pulumi.com/docs/iac/concepts/resources/options/ignorechanges/",
    dev="mandatory",
    prod="mandatory",
    departs="A database's kmsKeyId may be ignored: it is set for good when the database is made, and a "
    "restored one keeps its snapshot's key, where asking for another would replace it.",
)
def ignore_changes(resource: Resource, check: Check) -> None:
    ignored = [_path(one) for one in resource.ignore_changes]
    if ["*"] in ignored:
        check.violation("changes of all properties are ignored")
        return
    for prop in _SECURITY[resource.type]:
        if any(_overlap(_path(prop), one) for one in ignored):
            check.violation("changes are ignored", prop)


def _path(text: str) -> list[str]:
    """`vpc_config["publicAccessCidrs"][0]` as its steps, in one spelling."""
    steps = re.split(r"""[.\[\]"']+""", text)
    return [step.replace("_", "").lower() for step in steps if step]


def _overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether one path is, holds or lies in the other."""
    return all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=False))
