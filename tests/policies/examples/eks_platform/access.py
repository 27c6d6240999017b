"""Who may enter a cluster, and as what."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

CLUSTER = "aws:eks/cluster:Cluster"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
ENTRY = "aws:eks/accessEntry:AccessEntry"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
POLICIES = "arn:aws:eks::aws:cluster-access-policy"
ROLES = "arn:aws:iam::111122223333:role"

EXAMPLES = (
    Example(
        "eks-access-api",
        good=(
            R(
                CLUSTER,
                {
                    "accessConfig": {
                        "authenticationMode": "API",
                        "bootstrapClusterCreatorAdminPermissions": False,
                    }
                },
            ),
        ),
        bad={
            "the ConfigMap counts, too": put("it", "accessConfig.authenticationMode", "API_AND_CONFIG_MAP"),
            "the ConfigMap alone counts": put("it", "accessConfig.authenticationMode", "CONFIG_MAP"),
            "the ConfigMap counts by default": drop("it", "accessConfig.authenticationMode"),
            "the creator stays": put("it", "accessConfig.bootstrapClusterCreatorAdminPermissions", True),
            "the creator stays by default": drop(
                "it", "accessConfig.bootstrapClusterCreatorAdminPermissions"
            ),
            "nothing is said at all": Bad(drop("it", "accessConfig"), 2),
        },
    ),
    Example(
        "eks-admin-entries",
        good=(
            R(
                ASSOCIATION,
                {
                    "policyArn": f"{POLICIES}/AmazonEKSClusterAdminPolicy",
                    "principalArn": f"{ROLES}/deployer",
                    "accessScope": {"type": "cluster"},
                },
                name="deployer",
            ),
            R(
                ASSOCIATION,
                {
                    "policyArn": f"{POLICIES}/AmazonEKSEditPolicy",
                    "principalArn": f"{ROLES}/developer",
                    "accessScope": {"type": "namespace", "namespaces": ["app"]},
                },
                name="developer",
            ),
            R(
                ASSOCIATION,
                {
                    "policyArn": f"{POLICIES}/AmazonEKSAutoNodePolicy",
                    "principalArn": f"{ROLES}/nodes",
                    "accessScope": {"type": "cluster"},
                },
                name="nodes",
            ),
        ),
        config={"admins": [f"{ROLES}/deployer", f"{ROLES}/aws-reserved/sso.amazonaws.com/*_Admin_*"]},
        bad={
            "another principal administers": put("deployer", "principalArn", f"{ROLES}/developer"),
            "one whose name only begins like it": put("deployer", "principalArn", f"{ROLES}/deployer2"),
            "an administrator in one namespace, who could leave it": put(
                "developer", "policyArn", f"{POLICIES}/AmazonEKSClusterAdminPolicy"
            ),
            "an editor of every namespace": put("developer", "accessScope.type", "cluster"),
            "no scope": drop("developer", "accessScope"),
            "no namespace": drop("developer", "accessScope.namespaces"),
            "two of three are wrong": Bad(
                both(
                    put("deployer", "principalArn", f"{ROLES}/x"),
                    put("developer", "accessScope.type", "cluster"),
                ),
                2,
            ),
        },
        vocabulary="cluster",
        fine={
            "administrators through the single sign-on": put(
                "deployer",
                "principalArn",
                f"{ROLES}/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1a2b3c",
            )
        },
    ),
    Example(
        "eks-admin-entries",
        good=(),
        bad={
            "nobody is agreed, and somebody administers": lambda _: [
                R(
                    ASSOCIATION,
                    {
                        "policyArn": f"{POLICIES}/AmazonEKSClusterAdminPolicy",
                        "principalArn": f"{ROLES}/deployer",
                        "accessScope": {"type": "cluster"},
                    },
                )
            ]
        },
        decided=True,
        vocabulary="cluster",
    ),
    Example(
        "eks-no-masters",
        good=(
            R(ENTRY, {"principalArn": f"{ROLES}/a", "kubernetesGroups": ["viewers"]}, name="entry"),
            R(
                CONFIG_MAP,
                {
                    "metadata": {"namespace": "kube-system", "name": "aws-auth"},
                    "data": {
                        "mapRoles": f"- rolearn: {ROLES}/nodes\n  groups: [system:nodes]",
                        "mapUsers": "[]",
                    },
                },
                name="map",
            ),
        ),
        bad={
            "the only group": put("entry", "kubernetesGroups[0]", "system:masters"),
            "the second group": put("entry", "kubernetesGroups[1]", "system:masters"),
            "one group behind an unknown one": put("entry", "kubernetesGroups", [UNKNOWN, "system:masters"]),
            "a role in the ConfigMap": put(
                "map", "data.mapRoles", f"- rolearn: {ROLES}/b\n  groups:\n    - system:masters"
            ),
            "a user in the ConfigMap, as JSON": put(
                "map", "data.mapUsers", '[{"userarn": "x", "groups": ["viewers", "system:masters"]}]'
            ),
            "one in each": Bad(
                both(
                    put("entry", "kubernetesGroups[0]", "system:masters"),
                    put("map", "data.mapRoles", "[{groups: [system:masters]}]"),
                ),
                2,
            ),
        },
        fine={
            "no groups": drop("entry", "kubernetesGroups"),
            "a group that is only called alike": put("entry", "kubernetesGroups[0]", "system:mastersof"),
            "another ConfigMap": both(
                put("map", "metadata.name", "notes"),
                put("map", "data.mapRoles", "[{groups: [system:masters]}]"),
            ),
        },
        open={
            "the groups are unknown": put("entry", "kubernetesGroups", UNKNOWN),
            "the map is no YAML": put("map", "data.mapRoles", "{"),
        },
        vocabulary="system:masters",
    ),
)
