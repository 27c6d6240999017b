"""The network plugin of a cluster, which is what enforces network policies."""

import json

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

CLUSTER = "aws:eks/cluster:Cluster"
ADDON = "aws:eks/addon:Addon"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ROLE_ARN = "arn:aws:iam::111122223333:role/plugin"
ASSOCIATION = R(
    POD_IDENTITY,
    {"clusterName": "blue", "namespace": "kube-system", "serviceAccount": "aws-node", "roleArn": ROLE_ARN},
    name="association",
)

EXAMPLES = (
    Example(
        "eks-cni-netpol",
        good=(
            R(CLUSTER, {"name": "blue"}, name="cluster"),
            R(CLUSTER, {"name": "green", "computeConfig": {"enabled": True}}, name="automatic"),
            R(
                ADDON,
                {
                    "clusterName": "blue",
                    "addonName": "vpc-cni",
                    "addonVersion": "v1.22.4-eksbuild.3",
                    "configurationValues": json.dumps({"enableNetworkPolicy": "true", "env": {}}),
                    "podIdentityAssociations": [{"serviceAccount": "aws-node", "roleArn": ROLE_ARN}],
                },
                name="plugin",
                depends={"clusterName": ["cluster"]},
            ),
            R(ADDON, {"clusterName": "blue", "addonName": "coredns"}, name="dns"),
        ),
        bad={
            "nothing declares the plugin": without("plugin"),
            "another cluster's is declared": both(
                put("plugin", "clusterName", "red"), options("plugin", depends={})
            ),
            "only other add-ons are": put("plugin", "addonName", "kube-proxy"),
            "an ordinary cluster has none": put("automatic", "computeConfig.enabled", False),
            "policies are off": put("plugin", "configurationValues", '{"enableNetworkPolicy": "false"}'),
            "policies are off by default": put("plugin", "configurationValues", "{}"),
            "nothing is configured": drop("plugin", "configurationValues"),
            "policies are off, in YAML": put("plugin", "configurationValues", "enableNetworkPolicy: false"),
            "the word stands elsewhere": put(
                "plugin", "configurationValues", '{"env": {"enableNetworkPolicy": "true"}}'
            ),
            "its version is not pinned": drop("plugin", "addonVersion"),
            "it has the role of the node": drop("plugin", "podIdentityAssociations"),
            "the list of its roles is empty": put("plugin", "podIdentityAssociations", []),
            "an association is for another account": both(
                drop("plugin", "podIdentityAssociations"),
                both(add(ASSOCIATION), put("association", "serviceAccount", "server")),
            ),
            "nothing is said at all": Bad(
                both(
                    both(drop("plugin", "configurationValues"), drop("plugin", "addonVersion")),
                    drop("plugin", "podIdentityAssociations"),
                ),
                3,
            ),
        },
        fine={
            "policies are on, in YAML": put("plugin", "configurationValues", "enableNetworkPolicy: true"),
            "its role comes through OIDC": both(
                drop("plugin", "podIdentityAssociations"), put("plugin", "serviceAccountRoleArn", ROLE_ARN)
            ),
            "its role comes by an association beside it": both(
                drop("plugin", "podIdentityAssociations"), add(ASSOCIATION)
            ),
            "the cluster has no name yet": both(
                put("cluster", "name", UNKNOWN), put("plugin", "clusterName", UNKNOWN)
            ),
            "it is linked by the cluster's name alone": options("plugin", depends={}),
        },
        open={
            "its configuration is unknown": put("plugin", "configurationValues", UNKNOWN),
            "its configuration is neither": put("plugin", "configurationValues", "{"),
            "an association may be for it": both(
                drop("plugin", "podIdentityAssociations"),
                both(add(ASSOCIATION), put("association", "serviceAccount", UNKNOWN)),
            ),
        },
        companions_hide=True,
    ),
)
