"""What Kubernetes roles grant, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, put

RBAC = "kubernetes:rbac.authorization.k8s.io/v1"
ROLE, CLUSTER_ROLE = f"{RBAC}:Role", f"{RBAC}:ClusterRole"
BINDING, CLUSTER_BINDING = f"{RBAC}:RoleBinding", f"{RBAC}:ClusterRoleBinding"
ACCOUNT = {"kind": "ServiceAccount", "name": "controller", "namespace": "roost"}


def grant(verbs: Sequence[str], resources: Sequence[str], group: str = "", **more: Any) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": [*resources], "verbs": [*verbs], **more}


ROLES = (
    R(ROLE, {"rules": [grant(["get", "list"], ["pods", "services"]), grant(["create"], ["events"])]}),
    R(CLUSTER_ROLE, {"rules": [grant(["get", "watch"], ["nodes", "namespaces"])]}, name="wide"),
)
BINDINGS = (
    R(BINDING, {"roleRef": {"kind": "Role", "name": "own"}, "subjects": [ACCOUNT]}, name="binding"),
    R(
        CLUSTER_BINDING,
        {"roleRef": {"kind": "ClusterRole", "name": "view"}, "subjects": [ACCOUNT]},
        name="wide-binding",
    ),
)


def rule(verbs: Sequence[str], resources: Sequence[str], group: str = "", **more: Any) -> Change:
    return put("it", "rules[1]", grant(verbs, resources, group, **more))


def to(kind: str, name: str) -> Change:
    return put("binding", "subjects[0]", {"kind": kind, "name": name})


AUTHORIZATION = "rbac.authorization.k8s.io"
WORDS = "users"

EXAMPLES = (
    Example(
        "rbac-no-wildcards",
        good=ROLES,
        bad={
            "every verb": rule(["*"], ["pods"]),
            "every resource": rule(["get"], ["*"]),
            "every API": rule(["get"], ["pods"], "*"),
            "everything": Bad(rule(["*"], ["*"], "*"), 3),
            "every subresource": rule(["patch"], ["*/status"]),
            "every path": put("wide", "rules[0]", {"nonResourceURLs": ["*"], "verbs": ["get"]}),
            "in a ClusterRole": put("wide", "rules[0].verbs[1]", "*"),
            "every secret": rule(["get"], ["secrets"]),
            "a list of every secret": rule(["list"], ["configmaps", "secrets"]),
            "every secret, watched": put("wide", "rules[1]", grant(["watch"], ["secrets"])),
            "the rights of every role": put("wide", "aggregationRule", {"clusterRoleSelectors": [{}]}),
        },
        fine={
            "a secret by its name": rule(["get"], ["secrets"], resourceNames=["webhook"]),
            "secrets are made, not read": rule(["create"], ["secrets"]),
            "secrets of another API": rule(["get"], ["secrets"], "example.com"),
            "a path and what is below": put(
                "wide", "rules[0]", {"nonResourceURLs": ["/healthz/*"], "verbs": ["get"]}
            ),
            "the rights of labelled roles": put(
                "wide", "aggregationRule", {"clusterRoleSelectors": [{"matchLabels": {"team": "a"}}]}
            ),
            "no rules": put("it", "rules", None),
        },
        open={"nobody knows the rules": put("it", "rules", UNKNOWN)},
    ),
    Example(
        "rbac-no-escalation",
        good=(*ROLES, *BINDINGS),
        bad={
            "it escalates": rule(["escalate"], ["roles"], AUTHORIZATION),
            "it binds": rule(["get", "bind"], ["clusterroles"], AUTHORIZATION),
            "it impersonates users": rule(["impersonate"], ["users"]),
            "it impersonates groups": rule(["impersonate"], ["groups", "pods"]),
            "it impersonates by extra attributes": rule(["impersonate"], ["uids"], "authentication.k8s.io"),
            "a shell in pods": rule(["create"], ["pods/exec"]),
            "a shell by reading": rule(["get"], ["pods", "pods/attach"]),
            "a shell in a container of its own": rule(["patch"], ["pods/ephemeralcontainers"]),
            "a shell by a wildcard": rule(["create"], ["*/exec"]),
            "the kubelet": put("wide", "rules[0].resources[2]", "nodes/proxy"),
            "tokens": rule(["create"], ["serviceaccounts/token"]),
            "webhooks": rule(["update"], ["mutatingwebhookconfigurations"], "admissionregistration.k8s.io"),
            "approval of certificates": rule(
                ["update"], ["certificatesigningrequests/approval"], "certificates.k8s.io"
            ),
            "the signing of certificates": rule(["sign"], ["signers"], "certificates.k8s.io"),
            "all of it by wildcards": Bad(rule(["*"], ["*"], "*"), 7),
            "of one API by wildcards": rule(["*"], ["*"], AUTHORIZATION),
            "administration": put("wide-binding", "roleRef.name", "cluster-admin"),
            "administration of a namespace": put(
                "binding", "roleRef", {"kind": "ClusterRole", "name": "cluster-admin"}
            ),
            "the group that no rule holds back": to("Group", "system:masters"),
            "everybody": to("Group", "system:authenticated"),
            "everybody, known or not": to("Group", "system:unauthenticated"),
            "nobody in particular": to("User", "system:anonymous"),
            "every account": to("Group", "system:serviceaccounts"),
            "the second subject": put(
                "wide-binding", "subjects[1]", {"kind": "Group", "name": "system:authenticated"}
            ),
        },
        fine={
            "it reads roles": rule(["get", "list"], ["roles"], AUTHORIZATION),
            "it reads webhooks": rule(
                ["get"], ["validatingwebhookconfigurations"], "admissionregistration.k8s.io"
            ),
            "every verb on pods": rule(["*"], ["pods"]),
            "a role of one's own with a famous name": put(
                "binding", "roleRef", {"kind": "Role", "name": "cluster-admin"}
            ),
            "an account with a famous name": to("ServiceAccount", "system:authenticated"),
        },
        open={
            "nobody knows the rules": put("it", "rules", UNKNOWN),
            "nor the subjects": put("binding", "subjects", UNKNOWN),
        },
    ),
)
