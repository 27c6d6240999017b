"""What the rules about keys, secrets and bucket policies notice."""

from __future__ import annotations

from typing import Any

from tests.policies.mutants.documents import drop_in, put_in
from tests.policies.mutants.mutant import each, mutant
from tests.policies.mutants.pods import MAIN, SERVER
from tests.support.policies import Change, Hidden, R, add, both, drop, options, put, without

ACCOUNT = "111122223333"
OTHER = "444455556666"
KEY = "aws:kms/key:Key"
COPY = "aws:kms/replicaKey:ReplicaKey::keys-backup-replica"
SECRET = "aws:secretsmanager/secret:Secret::server-identity"
_PARAMETER = add(
    R(
        "aws:ssm/parameter:Parameter",
        {"type": "String", "name": "/roost/password", "value": "hunter2-" + "hunter2"},
        name="it",
    )
)
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LOGS, BACKUP = f"{BUCKET_POLICY}::storage-logs", f"{BUCKET_POLICY}::storage-backup"
_PLAIN, _OLD = "Statement[0]", "Statement[1]"
_PASSWORD = "hunter2-" + "hunter2"
_CLEAR = "postgresql://app:" + _PASSWORD + "@database/app"
_PRIVATE_KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"
_RANDOM = "q7Zt0Lr4" + "Wb9XnK2m" + "Vd5HsY8c" + "Jf3GpT6u"
_ACCESS_KEY = "AK" + "IA" + "Q3EXAMPLEEXAMPLE"


def _allow(principal: object, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", **more}


def _env(name: str, value: object) -> Change:
    return put(SERVER, f"{MAIN}.env[0]", {"name": name, "value": value})


def _settings(**data: str) -> Change:
    return add(
        R(
            "kubernetes:core/v1:ConfigMap",
            {"metadata": {"name": "settings", "namespace": "roost"}, "data": data},
            name="settings",
        )
    )


def _rotation(**rules: object) -> Change:
    """No exemption covers this secret."""
    secret = R(
        "aws:secretsmanager/secret:Secret",
        {"kmsKeyId": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/k", "recoveryWindowInDays": 30},
        name="database",
    )
    rotation = R(
        "aws:secretsmanager/secretRotation:SecretRotation",
        {"secretId": "it", "rotationRules": rules},
        name="database",
        depends={"secretId": [secret.urn]},
    )
    return add(secret, rotation) if rules else add(secret)


MUTANTS = (
    # Keys
    *each(
        "a key is not rotated",
        (
            ("off", put(f"{KEY}::keys-data", "enableKeyRotation", False)),
            ("nothing said", drop(f"{KEY}::keys-secrets", "enableKeyRotation")),
        ),
        "kms-rotation",
    ),
    *each(
        "anybody uses a key",
        (
            ("through a service of any account", drop_in(f"{KEY}::keys-data", "Statement[1].Condition")),
            (
                "by the service alone",
                drop_in(f"{KEY}::keys-backup", "Statement[1].Condition.StringEquals.kms:CallerAccount"),
            ),
            ("the copy's", drop_in(COPY, "Statement[1].Condition")),
            (
                "if it has an account",
                put_in(
                    COPY, "Statement[1].Condition", {"StringEqualsIfExists": {"kms:CallerAccount": ACCOUNT}}
                ),
            ),
        ),
        "kms-policy-tight",
    ),
    *each(
        "too many do everything with a key",
        (
            (
                "a role",
                put_in(f"{KEY}::keys-logs", "Statement[0].Principal.AWS", f"arn:aws:iam::{ACCOUNT}:role/app"),
            ),
            (
                "another account",
                put_in(f"{KEY}::keys-logs", "Statement[0].Principal.AWS", f"arn:aws:iam::{OTHER}:root"),
            ),
            ("a service", put_in(f"{KEY}::keys-logs", "Statement[1].Action", "kms:*")),
            ("nobody is kept from it", put(COPY, "bypassPolicyLockoutSafetyCheck", True)),
        ),
        "kms-policy-tight",
    ),
    *each(
        "a key is gone too soon",
        (
            ("a week", put(f"{KEY}::keys-data", "deletionWindowInDays", 7)),
            ("a copy in a day less", put(COPY, "deletionWindowInDays", 29)),
            ("at once", put(f"{KEY}::keys-secrets", "isEnabled", False)),
        ),
        "kms-deletion-window",
    ),
    mutant(
        "a key is gone too soon even for dev",
        put(f"{KEY}::keys-data", "deletionWindowInDays", 13),
        "kms-deletion-window",
        stack="dev",
    ),
    # Secrets
    *each(
        "AWS's key encrypts the secret",
        (
            ("none is named", drop(SECRET, "kmsKeyId")),
            ("it is named", put(SECRET, "kmsKeyId", "alias/aws/secretsmanager")),
            ("in the copy", drop(SECRET, "replicas[0].kmsKeyId")),
        ),
        "sm-cmk",
    ),
    mutant("the secret is gone too soon", put(SECRET, "recoveryWindowInDays", 7), "sm-cmk"),
    mutant(
        "anybody reads the secret",
        add(
            R(
                "aws:secretsmanager/secretPolicy:SecretPolicy",
                {"policy": {"Statement": [_allow("*", Action="secretsmanager:GetSecretValue")]}},
                name="open",
            )
        ),
        "sm-cmk",
    ),
    *each(
        "a secret stays as it is",
        (
            ("for ever", _rotation()),
            ("for a year", _rotation(automaticallyAfterDays=365)),
            ("for two quarters", _rotation(scheduleExpression="cron(0 4 1 1,7 ? *)")),
        ),
        "sm-rotation",
    ),
    # Secrets in the open
    *each(
        "a secret in the open",
        (
            ("a password", _env("LANGFLOW_SUPERUSER_PASSWORD", _PASSWORD)),
            ("a password that is marked", _env("LANGFLOW_SUPERUSER_PASSWORD", Hidden(_PASSWORD))),
            ("a URL", _env("LANGFLOW_DATABASE_URL", _CLEAR)),
            ("an access key", _env("SOMETHING", _ACCESS_KEY)),
            ("a setting", _settings(**{"server.yaml": f"password: {_PASSWORD}\n"})),
            ("a key", _settings(**{"tls.key": _PRIVATE_KEY})),
        ),
        *("sec-no-literals", "k8s-no-creds-in-config"),
    ),
    *each(
        "a secret in the open",
        (
            ("something random", _env("SOMETHING", _RANDOM)),
            ("an annotation", put(SERVER, "metadata.annotations.note", _ACCESS_KEY)),
            ("a tag", put(f"{KEY}::keys-data", "tags.note", _ACCESS_KEY)),
            ("a parameter", _PARAMETER),
        ),
        "sec-no-literals",
    ),
    mutant(
        "a secret in the nodes' start script",
        put("aws:ec2/launchTemplate:LaunchTemplate::cluster-nodes-app", "userData", _ACCESS_KEY),
        *("sec-no-literals", "eks-node-disk-encrypted", "eks-ng-uses-hardened-lt"),
    ),
    # Bucket policies
    *each(
        "plain HTTP",
        (
            ("no word of it", drop_in(BACKUP, _PLAIN)),
            ("on objects", put_in(BACKUP, f"{_PLAIN}.Resource", "arn:aws:s3:::roost-prod-backup-4937909")),
            ("for all but one", put_in(LOGS, f"{_PLAIN}.Principal", {"AWS": OTHER})),
            ("to read", put_in(LOGS, f"{_PLAIN}.Action", ["s3:Put*"])),
        ),
        "s3-tls-only",
    ),
    mutant(
        "TLS is what is denied",
        put_in(LOGS, f"{_PLAIN}.Condition.Bool.aws:SecureTransport", "true"),
        "s3-tls-only",
    ),
    mutant(
        "old TLS", put_in(BACKUP, f"{_OLD}.Condition.NumericLessThan.s3:TlsVersion", "1.1"), "s3-tls-only"
    ),
    mutant("no policy at all", without(BACKUP), "s3-tls-only"),
    mutant(
        "another bucket's policy",
        both(put(BACKUP, "bucket", "another"), options(BACKUP, depends={})),
        "s3-tls-only",
    ),
    *each(
        "everybody reads",
        (
            ("the logs", put_in(LOGS, "Statement[4]", _allow("*"))),
            (
                "the backups, with TLS",
                put_in(
                    BACKUP,
                    "Statement[2]",
                    _allow({"AWS": "*"}, Condition={"Bool": {"aws:SecureTransport": "true"}}),
                ),
            ),
            ("by an ACL", add(R("aws:s3/bucketAcl:BucketAcl", {"acl": "public-read"}, name="open"))),
        ),
        "s3-no-public-policy",
    ),
    *each(
        "another account",
        (
            ("reads the logs", put_in(LOGS, "Statement[4]", _allow({"AWS": f"arn:aws:iam::{OTHER}:root"}))),
            ("reads the backups", put_in(BACKUP, "Statement[2]", _allow({"AWS": [ACCOUNT, OTHER]}))),
        ),
        "s3-xaccount",
    ),
    mutant(
        "nobody can change the policy again",
        put_in(BACKUP, "Statement[2]", _allow("*", Effect="Deny", Action="s3:*")),
        "s3-xaccount",
    ),
)
