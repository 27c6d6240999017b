"""Actions that need not be granted on everything: writes, and reads of secrets, that can name resources."""

from __future__ import annotations

from collections.abc import Mapping

_BY_FORM: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("s3", "*/*"): (
        "s3:PutObject",
        "s3:PutObjectAcl",
        "s3:PutObjectRetention",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:BypassGovernanceRetention",
    ),
    ("s3", "*"): (
        "s3:DeleteBucket",
        "s3:PutBucketAcl",
        "s3:PutBucketPolicy",
        "s3:DeleteBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketVersioning",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:PutReplicationConfiguration",
    ),
    ("iam", "role/*"): (
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:AttachRolePolicy",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:DeleteRolePermissionsBoundary",
        "iam:UpdateAssumeRolePolicy",
        "sts:AssumeRole",
    ),
    ("iam", "policy/*"): ("iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"),
    ("iam", "user/*"): (
        "iam:CreateUser",
        "iam:CreateAccessKey",
        "iam:CreateLoginProfile",
        "iam:UpdateLoginProfile",
        "iam:AttachUserPolicy",
        "iam:PutUserPolicy",
    ),
    ("iam", "group/*"): ("iam:AttachGroupPolicy", "iam:PutGroupPolicy", "iam:AddUserToGroup"),
    ("kms", "key/*"): ("kms:CreateGrant", "kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"),
    ("secretsmanager", "secret:*"): (
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:PutResourcePolicy",
    ),
    ("ssm", "parameter/*"): ("ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"),
    ("ec2", "instance/*"): (
        "ec2:TerminateInstances",
        "ec2:ModifyInstanceAttribute",
        "ssm:SendCommand",
        "ssm:StartSession",
    ),
    ("ec2", "volume/*"): ("ec2:DeleteVolume",),
    ("ec2", "security-group/*"): (
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:DeleteSecurityGroup",
    ),
    ("rds", "db:*"): ("rds:DeleteDBInstance", "rds:ModifyDBInstance"),
    ("rds", "snapshot:*"): ("rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"),
    ("rds-db", "dbuser:*/*"): ("rds-db:connect",),
    ("dynamodb", "table/*"): (
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteTable",
    ),
    ("sqs", "*"): ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:PurgeQueue", "sqs:DeleteQueue"),
    ("sns", "*"): ("sns:Publish", "sns:SetTopicAttributes", "sns:DeleteTopic"),
    ("lambda", "function:*"): (
        "lambda:AddPermission",
        "lambda:DeleteFunction",
        "lambda:InvokeFunction",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
    ),
    ("ecr", "repository/*"): (
        "ecr:PutImage",
        "ecr:BatchDeleteImage",
        "ecr:DeleteRepository",
        "ecr:SetRepositoryPolicy",
    ),
    ("eks", "cluster/*"): ("eks:DeleteCluster", "eks:UpdateClusterConfig", "eks:CreateAccessEntry"),
    ("elasticloadbalancing", "targetgroup/*/*"): (
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:DeregisterTargets",
    ),
    ("logs", "log-group:*"): ("logs:DeleteLogGroup", "logs:PutRetentionPolicy"),
    ("cloudtrail", "trail/*"): ("cloudtrail:DeleteTrail", "cloudtrail:StopLogging"),
    ("backup", "backup-vault:*"): ("backup:DeleteBackupVault", "backup:PutBackupVaultAccessPolicy"),
    ("elasticfilesystem", "file-system/*"): ("elasticfilesystem:DeleteFileSystem",),
    ("cloudformation", "stack/*/*"): ("cloudformation:DeleteStack", "cloudformation:UpdateStack"),
    ("route53", "hostedzone/*"): ("route53:ChangeResourceRecordSets", "route53:DeleteHostedZone"),
    ("kinesis", "stream/*"): ("kinesis:PutRecord", "kinesis:DeleteStream"),
}
"""By service and form of the resource: the commonest and most harmful of AWS's thousands."""
RESTRICTABLE: Mapping[str, tuple[str, str]] = {
    name: form for form, names in _BY_FORM.items() for name in names
}
"""The same by action: `s3:PutObject` to `("s3", "*/*")`, as `Statement.spans` takes it."""
