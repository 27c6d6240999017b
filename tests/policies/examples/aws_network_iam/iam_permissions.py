"""What principals may do."""

from __future__ import annotations

import json
from typing import Any

from policies.lib.iam_actions import RESTRICTABLE
from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, add, both, put

POLICY = "aws:iam/policy:Policy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ROLE = "aws:iam/role:Role"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ACCOUNT = "111122223333"
BUCKET = "arn:aws:s3:::backups"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/5c0c1f0e"
NODES = f"arn:aws:iam::{ACCOUNT}:role/nodes"
AWS = "arn:aws:iam::aws:policy"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}


_READ = {"Action": ["s3:GetObject"], "Resource": [f"{BUCKET}/*"]}
_LOOK = {"Action": "ec2:Describe*", "Resource": "*"}
_GOOD = (
    R(POLICY, {"policy": document(_READ)}, name="object"),
    R(ROLE_POLICY, {"policy": json.dumps(document(_LOOK, _READ)), "role": "nodes"}, name="text"),
    R(ROLE, {"inlinePolicies": [{"name": "read", "policy": json.dumps(document(_READ))}]}, name="role"),
)


def _says(*statements: dict[str, Any]) -> Change:
    return put("object", "policy", document(*statements))


def _everywhere(**statement: Any) -> dict[str, Change]:
    """The same statement wherever one can stand."""
    text = json.dumps(document(_READ, statement))
    return {
        "in an object": put("object", "policy", document(_READ, statement)),
        "in a text": put("text", "policy", text),
        "as the only statement": put("object", "policy", {"Statement": {"Effect": "Allow", **statement}}),
        "inline in a role": put("role", "inlinePolicies[1]", {"name": "other", "policy": text}),
        "of a user": add(R("aws:iam/userPolicy:UserPolicy", {"policy": text}, name="users")),
        "of a group": add(R("aws:iam/groupPolicy:GroupPolicy", {"policy": text}, name="groups")),
        "of a permission set": add(
            R(
                "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy",
                {"inlinePolicy": text},
                name="set",
            )
        ),
    }


_STAR = {"Action": "*", "Resource": "*"}
_PASS = {
    "Action": "iam:PassRole",
    "Resource": NODES,
    "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
}
_NOT_READ: dict[str, Change] = {
    "the document is unknown": put("object", "policy", UNKNOWN),
    "a text has an unknown in it": put("text", "policy", f'{{"Statement": "{UNKNOWN}"}}'),
    "it is no JSON": put("text", "policy", "{"),
    "a statement is unknown": put("object", "policy.Statement[1]", UNKNOWN),
    "it is neither Allow nor Deny": put("object", "policy.Statement[0].Effect", "Maybe"),
    "the inline policies are unknown": put("role", "inlinePolicies", UNKNOWN),
}

EXAMPLES = (
    Example(
        "iam-no-admin-star",
        good=_GOOD,
        bad={
            **_everywhere(**_STAR),
            "as lists": _says({"Action": ["s3:GetObject", "*"], "Resource": ["*"]}),
            "with the service as a wildcard": _says({"Action": "*:*", "Resource": "*"}),
            "on ARNs that are all": _says({"Action": "*", "Resource": "arn:aws:*:*:*:*"}),
            "all but some actions": _says({"NotAction": ["iam:*", "organizations:*"], "Resource": "*"}),
            "all but some resources": _says({"Action": "*", "NotResource": [BUCKET]}),
            "all but some of both": _says({"NotAction": "iam:*", "NotResource": BUCKET}),
            "under a condition": _says({**_STAR, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}),
            "in two statements": Bad(_says(_STAR, {"NotAction": "s3:*", "Resource": "*"}), 2),
            "beside what is unknown": _says({"Action": [UNKNOWN, "*"], "Resource": [UNKNOWN, "*"]}),
        },
        fine={
            "everything is denied": put("object", "policy.Statement[0]", {**_STAR, "Effect": "Deny"}),
            "everything on one bucket": _says({"Action": "*", "Resource": [BUCKET, f"{BUCKET}/*"]}),
            "all but some actions on one bucket": _says(
                {"NotAction": "s3:Delete*", "Resource": f"{BUCKET}/*"}
            ),
            "an unknown resource of a narrow action": _says({**_READ, "Resource": UNKNOWN}),
            "an unknown action on a narrow resource": _says({**_READ, "Action": UNKNOWN}),
        },
        open={
            **_NOT_READ,
            "everything on what is unknown": _says({"Action": "*", "Resource": UNKNOWN}),
            "something unknown on everything": _says({"Action": UNKNOWN, "Resource": "*"}),
        },
    ),
    Example(
        "iam-no-service-star",
        good=_GOOD,
        bad={
            **_everywhere(Action="s3:*", Resource="*"),
            "in capitals": _says({"Action": "S3:*", "Resource": "*"}),
            "two services": Bad(_says({"Action": ["sqs:*", "sns:**"], "Resource": "*"}), 2),
            "of which only reading is known": _says({"Action": "glacier:*", "Resource": "*"}),
            "on all of the service's ARNs": _says({"Action": "s3:*", "Resource": "arn:aws:s3:::*"}),
            "writing everywhere": _says({"Action": "s3:PutObject", "Resource": "*"}),
            "writing to every object": _says({"Action": "s3:PutObject", "Resource": "arn:aws:s3:::*/*"}),
            "by a part of a name": _says({"Action": "dynamodb:Put*", "Resource": "*"}),
            "tables of one account and region": _says(
                {
                    "Action": "dynamodb:DeleteTable",
                    "Resource": f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/*",
                }
            ),
            "every secret": _says({"Action": "secretsmanager:GetSecretValue", "Resource": "*"}),
            "every role": _says({"Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/*"}),
            "a service and another's writes": Bad(
                _says({"Action": ["sqs:*", "s3:Put*"], "Resource": "*"}), 2
            ),
            "a condition that may not hold": _says(
                {
                    "Action": "ec2:TerminateInstances",
                    "Resource": "*",
                    "Condition": {"StringEqualsIfExists": {"aws:ResourceTag/team": "data"}},
                }
            ),
            "a condition on no tag": _says(
                {
                    "Action": "ec2:TerminateInstances",
                    "Resource": "*",
                    "Condition": {"Null": {"aws:ResourceTag/team": "true"}},
                }
            ),
        },
        fine={
            "a service on one bucket": _says({"Action": "s3:*", "Resource": [BUCKET, f"{BUCKET}/*"]}),
            "writing to one bucket": _says({"Action": "s3:PutObject", "Resource": f"{BUCKET}/*"}),
            "looking everywhere": _says({"Action": ["rds:Describe*", "s3:List*"], "Resource": "*"}),
            "what can name no resource": _says({"Action": "ecr:GetAuthorizationToken", "Resource": "*"}),
            "what carries a tag": _says(
                {
                    "Action": "ec2:TerminateInstances",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"aws:ResourceTag/team": "data"}},
                }
            ),
            "what has a tag at all": _says(
                {
                    "Action": "elasticloadbalancing:RegisterTargets",
                    "Resource": "*",
                    "Condition": {"Null": {"aws:ResourceTag/cluster": "false"}},
                }
            ),
        },
        open={
            **_NOT_READ,
            "a service on what is unknown": _says({"Action": "s3:*", "Resource": UNKNOWN}),
            "something unknown on everything": _says({"Action": UNKNOWN, "Resource": "*"}),
        },
        vocabulary=" ".join(name for names in RESTRICTABLE.values() for name in names),
    ),
    Example(
        "iam-kms-decrypt-scoped",
        good=(
            *_GOOD,
            R(POLICY, {"policy": document({"Action": "kms:Decrypt", "Resource": KEY})}, name="key"),
        ),
        bad={
            **_everywhere(Action=["kms:Decrypt"], Resource=["*"]),
            "as a part of all": _says({"Action": "kms:*", "Resource": "*"}),
            "encrypting anew": _says({"Action": "kms:ReEncrypt*", "Resource": "*"}),
            "of one account and region": _says(
                {"Action": "kms:Decrypt", "Resource": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/*"}
            ),
            "all but some": _says({"NotAction": "s3:*", "NotResource": KEY}),
            "through one service": _says(
                {
                    "Action": "kms:Decrypt",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}},
                }
            ),
        },
        fine={
            "encryption with every key": _says({"Action": "kms:Encrypt", "Resource": "*"}),
            "keys of one alias": _says(
                {
                    "Action": "kms:Decrypt",
                    "Resource": "*",
                    "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/data"}},
                }
            ),
            "all but decryption": _says({"NotAction": "kms:*", "Resource": "*"}),
        },
        open={**_NOT_READ, "a key that is unknown": put("key", "policy.Statement[0].Resource", UNKNOWN)},
    ),
    Example(
        "iam-passrole-scoped",
        good=(*_GOOD, R(POLICY, {"policy": document(_PASS)}, name="pass")),
        bad={
            **_everywhere(**{**_PASS, "Resource": "*"}),
            "by a part of the name": _says({**_PASS, "Action": "iam:Pass*", "Resource": "*"}),
            "every role of the account": _says({**_PASS, "Resource": f"arn:aws:iam::{ACCOUNT}:role/*"}),
            "to any service": put("pass", "policy.Statement[0].Condition", {}),
            "to every service": put(
                "pass",
                "policy.Statement[0].Condition",
                {"StringLike": {"iam:PassedToService": "*.amazonaws.com"}},
            ),
            "but to one": put(
                "pass",
                "policy.Statement[0].Condition",
                {"StringNotEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
            ),
            "every role to any service": Bad(_says({"Action": "iam:PassRole", "Resource": "*"}), 2),
        },
        fine={
            "if it exists, as it always does": put(
                "pass",
                "policy.Statement[0].Condition",
                {"StringEqualsIfExists": {"iam:PassedToService": ["ec2.amazonaws.com"]}},
            ),
            "it is denied": put("pass", "policy.Statement[0]", {**_STAR, "Effect": "Deny"}),
            "everything on what is no role": _says({"Action": "*", "Resource": [BUCKET, KEY]}),
        },
        open={**_NOT_READ, "the role is unknown": put("pass", "policy.Statement[0].Resource", UNKNOWN)},
    ),
    Example(
        "iam-no-admin-managed",
        good=(
            R(ATTACHMENT, {"policyArn": f"{AWS}/AmazonEKSClusterPolicy", "role": "cluster"}, name="attached"),
            R(ROLE, {"managedPolicyArns": [f"{AWS}/service-role/AmazonEBSCSIDriverPolicy"]}, name="role"),
        ),
        bad={
            "attached": put("attached", "policyArn", f"{AWS}/AdministratorAccess"),
            "in another partition": put(
                "attached", "policyArn", "arn:aws-us-gov:iam::aws:policy/PowerUserAccess"
            ),
            "named by the role": put("role", "managedPolicyArns[1]", f"{AWS}/IAMFullAccess"),
            "two of them": Bad(
                both(
                    put("role", "managedPolicyArns[1]", f"{AWS}/IAMFullAccess"),
                    put("role", "managedPolicyArns[2]", f"{AWS}/PowerUserAccess"),
                ),
                2,
            ),
            "the second of the role's": put(
                "role", "managedPolicyArns", [f"{AWS}/job-function/Billing", f"{AWS}/AdministratorAccess"]
            ),
            **{
                f"attached as {type_}": add(R(type_, {prop: value}, name="other"))
                for type_, prop, value in (
                    (
                        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
                        "policyArn",
                        f"{AWS}/IAMFullAccess",
                    ),
                    (
                        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
                        "policyArn",
                        f"{AWS}/IAMFullAccess",
                    ),
                    ("aws:iam/policyAttachment:PolicyAttachment", "policyArn", f"{AWS}/IAMFullAccess"),
                    (
                        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
                        "policyArns",
                        [f"{AWS}/IAMFullAccess"],
                    ),
                    (
                        "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment",
                        "managedPolicyArn",
                        f"{AWS}/IAMFullAccess",
                    ),
                )
            },
        },
        fine={
            "a policy of one's own with that name": put(
                "attached", "policyArn", f"arn:aws:iam::{ACCOUNT}:policy/AdministratorAccess"
            ),
            "only the most that may be granted": put(
                "role", "permissionsBoundary", f"{AWS}/AdministratorAccess"
            ),
        },
    ),
)
