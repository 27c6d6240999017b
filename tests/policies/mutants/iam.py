"""What the rules about principals and roles notice."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.mutants.documents import drop_in, put_in
from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import Change, R, add, both, put

ACCOUNT = "111122223333"
OTHER = "444455556666"
AWS = "arn:aws:iam::aws:policy"
ROLE = "aws:iam/role:Role"
GRANT = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
SERVER = f"{ROLE}::server-identity-pod"
MONITORING = f"{ROLE}::database-monitoring"
SECRETS = f"{GRANT}::server-identity-pod-secrets"
FLOW_LOGS = f"{GRANT}::network-flow-logs"
REPLICATION = f"{GRANT}::storage-replication"
CONTROLLER = f"{GRANT}::load-balancer-controller-pod-attach"

_READS_SECRETS, _DECRYPTS = "Statement[0]", "Statement[1]"
ADMIN = ("iam-no-admin-star", "iam-no-service-star", "iam-kms-decrypt-scoped", "iam-passrole-scoped")
"""What notices a statement that allows everything."""


def _statement(**parts: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **parts}


def _trust(path: str, value: Any, role: str = SERVER) -> Change:
    return put_in(role, f"Statement[0].{path}", value, prop="assumeRolePolicy")


def _policy(*statements: dict[str, Any]) -> R:
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return R("aws:iam/policy:Policy", {"policy": document}, name="another")


def _web(**condition: Any) -> R:
    """A role for a workflow that is run elsewhere."""
    issuer = "token.actions.githubusercontent.com"
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            operator: {f"{issuer}:{claim}": value for claim, value in claims.items()}
            for operator, claims in condition.items()
        },
    }
    return R(ROLE, {"assumeRolePolicy": json.dumps({"Statement": [trust]})}, name="deployer")


MUTANTS = (
    # What may be done
    *each(
        "everything may be done",
        (
            ("by one more statement", put_in(SECRETS, "Statement[2]", _statement())),
            ("by lists", put_in(FLOW_LOGS, "Statement[0]", _statement(Action=["*"], Resource=["*"]))),
            ("by one more policy", add(_policy(_statement()))),
            (
                "inline",
                put(MONITORING, "inlinePolicies", [{"policy": json.dumps({"Statement": _statement()})}]),
            ),
        ),
        *ADMIN,
    ),
    mutant(
        "all but IAM may be done everywhere",
        put_in(CONTROLLER, "Statement[2]", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
        *("iam-no-admin-star", "iam-no-service-star", "iam-kms-decrypt-scoped"),
    ),
    *each(
        "the server reads every secret",
        (
            (repr(resource), put_in(SECRETS, f"{_READS_SECRETS}.Resource", resource))
            for resource in ("*", ["*"], f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:*")
        ),
        "iam-no-service-star",
    ),
    mutant(
        "all of logs, everywhere",
        both(
            put_in(FLOW_LOGS, "Statement[0].Action", ["logs:*"]),
            put_in(FLOW_LOGS, "Statement[0].Resource", "*"),
        ),
        "iam-no-service-star",
    ),
    mutant(
        "the controller attaches to every target group",
        put_in(CONTROLLER, "Statement[0].Resource", "*"),
        "iam-no-service-star",
    ),
    mutant(
        "the controller opens security groups",
        put_in(CONTROLLER, "Statement[1].Action[8]", "ec2:AuthorizeSecurityGroup*"),
        "iam-no-service-star",
    ),
    *each(
        "every key decrypts",
        (
            ("for the server", put_in(SECRETS, f"{_DECRYPTS}.Resource", "*")),
            ("of the account", put_in(SECRETS, f"{_DECRYPTS}.Resource", f"arn:aws:kms:*:{ACCOUNT}:key/*")),
            ("for the replication", put_in(REPLICATION, "Statement[3].Resource", ["*"])),
        ),
        "iam-kms-decrypt-scoped",
    ),
    mutant(
        "every key decrypts, by all but one action",
        both(
            drop_in(REPLICATION, "Statement[4].Action"),
            put_in(REPLICATION, "Statement[4].NotAction", "kms:Encrypt"),
            put_in(REPLICATION, "Statement[4].Resource", "arn:aws:kms:*:*:key/*"),
        ),
        *("iam-kms-decrypt-scoped", "iam-no-service-star"),
    ),
    mutant(
        "and all other uses of every key",
        both(put_in(SECRETS, f"{_DECRYPTS}.Action", "kms:*"), put_in(SECRETS, f"{_DECRYPTS}.Resource", "*")),
        *("iam-kms-decrypt-scoped", "iam-no-service-star"),
    ),
    *each(
        "roles are passed",
        (
            ("all of them", add(_policy(_statement(Action="iam:Pass*", Condition=condition))))
            for condition in ({}, {"StringLike": {"iam:PassedToService": "ec2.amazonaws.com"}})
        ),
        "iam-passrole-scoped",
    ),
    mutant(
        "a role is passed to any service",
        add(_policy(_statement(Action="iam:PassRole", Resource=f"arn:aws:iam::{ACCOUNT}:role/nodes"))),
        "iam-passrole-scoped",
    ),
    *each(
        "an administrator by AWS's policy",
        (
            ("attached", put(f"{ATTACHMENT}::cluster", "policyArn", f"{AWS}/AdministratorAccess")),
            ("inside the role", put(SERVER, "managedPolicyArns", [f"{AWS}/PowerUserAccess"])),
        ),
        "iam-no-admin-managed",
    ),
    mutant(
        "nodes that may do everything with IAM",
        put(f"{ATTACHMENT}::cluster-nodes-join", "policyArn", f"{AWS}/IAMFullAccess"),
        *("iam-no-admin-managed", "eks-node-role-minimal"),
    ),
    # Who may take on a role
    *each(
        "anybody may be",
        (
            ("the server", _trust("Principal", "*")),
            ("the nodes", _trust("Principal", {"AWS": "*"}, f"{ROLE}::cluster-nodes")),
        ),
        "iam-trust-scoped",
    ),
    *each(
        "another account may be",
        (
            ("as a whole", _trust("Principal", {"AWS": OTHER}, f"{ROLE}::cluster-nodes")),
            (
                "by a role",
                _trust("Principal", {"AWS": f"arn:aws:iam::{OTHER}:role/x"}, f"{ROLE}::storage-replication"),
            ),
        ),
        "iam-trust-scoped",
    ),
    *each(
        "a service for any account",
        (
            (name, drop_in(f"{ROLE}::{name}", "Statement[0].Condition", prop="assumeRolePolicy"))
            for name in ("cluster", "network-flow-logs", "database-monitoring", "server-identity-pod")
        ),
        "iam-trust-scoped",
    ),
    mutant(
        "a service for any account that has a cluster",
        _trust("Condition", {"ArnLike": {"aws:SourceArn": "arn:aws:eks:*:*:cluster/*"}}, f"{ROLE}::cluster"),
        "iam-trust-scoped",
    ),
    *each(
        "any workflow may be the deployer",
        (
            ("of everybody", add(_web(StringEquals={"aud": "sts.amazonaws.com"}))),
            ("of the company", add(_web(StringEquals={"aud": "sts"}, StringLike={"sub": "repo:company/*"}))),
            ("for any audience", add(_web(StringEquals={"sub": "repo:company/app:ref:refs/heads/main"}))),
            ("if it says which", add(_web(StringEqualsIfExists={"aud": "sts", "sub": "repo:company/app"}))),
        ),
        "iam-oidc-scoped",
    ),
    # Users
    *each(
        "there is a user",
        (
            (kind, add(R(f"aws:iam/{kind}", {"user": "somebody"}, name="somebody")))
            for kind in ("user:User", "accessKey:AccessKey", "userLoginProfile:UserLoginProfile")
        ),
        "iam-no-users",
    ),
    mutant(
        "a role's policies have two owners",
        put(f"{ROLE}::cluster", "managedPolicyArns", [f"{AWS}/AmazonEKSVPCResourceController"]),
        "iam-no-users",
    ),
    mutant(
        "a role's own statements have two owners",
        put(
            f"{ROLE}::network-flow-logs",
            "inlinePolicies",
            [{"name": "look", "policy": json.dumps({"Statement": _statement(Action="logs:Describe*")})}],
        ),
        "iam-no-users",
    ),
)
