"""What the pack k8s-workloads notices about roles and who has them."""

from __future__ import annotations

from tests.policies.mutants.mutant import each
from tests.support.policies import put

_RBAC = "kubernetes:rbac.authorization.k8s.io/v1"
CLUSTER_ROLE = f"{_RBAC}:ClusterRole::load-balancer-controller-access"
ROLE = f"{_RBAC}:Role::load-balancer-controller-access-namespace"
CLUSTER_BINDING = f"{_RBAC}:ClusterRoleBinding::load-balancer-controller-access"
BINDING = f"{_RBAC}:RoleBinding::load-balancer-controller-access-namespace"

MUTANTS = (
    *each(
        "a role has a wildcard",
        [
            ("among its verbs", put(ROLE, "rules[0].verbs[3]", "*")),
            ("among its resources", put(CLUSTER_ROLE, "rules[1].resources[1]", "*")),
            ("among its APIs", put(CLUSTER_ROLE, "rules[0].apiGroups[0]", "*")),
            ("every secret", put(ROLE, "rules[0].resources[3]", "secrets")),
            ("every secret of the cluster", put(CLUSTER_ROLE, "rules[0].resources[2]", "secrets")),
            (
                "the rights of every role",
                put(CLUSTER_ROLE, "aggregationRule", {"clusterRoleSelectors": [{}]}),
            ),
        ],
        "rbac-no-wildcards",
    ),
    *each(
        "a role is a way to more",
        [
            (
                "it binds",
                put(
                    CLUSTER_ROLE,
                    "rules[0]",
                    {
                        "apiGroups": ["rbac.authorization.k8s.io"],
                        "resources": ["clusterroles"],
                        "verbs": ["bind"],
                    },
                ),
            ),
            (
                "it opens shells",
                put(ROLE, "rules[1]", {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}),
            ),
            ("it talks to kubelets", put(CLUSTER_ROLE, "rules[0].resources[2]", "nodes/proxy")),
            (
                "it makes tokens",
                put(
                    ROLE,
                    "rules[1]",
                    {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
                ),
            ),
            ("administration", put(CLUSTER_BINDING, "roleRef.name", "cluster-admin")),
            ("for everybody", put(BINDING, "subjects[1]", {"kind": "Group", "name": "system:authenticated"})),
            (
                "for nobody in particular",
                put(CLUSTER_BINDING, "subjects[0]", {"kind": "User", "name": "system:anonymous"}),
            ),
        ],
        "rbac-no-escalation",
    ),
)
