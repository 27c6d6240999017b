"""Clusters of these stacks, and whom they let in, made worse."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.policies.mutants.mutant import each, like, mutant
from tests.support.policies import Change, R, drop, options, put, without

CLUSTER = "aws:eks/cluster:Cluster::cluster"
ADMIN = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation::cluster-admin-deployer"
ENTRY = "aws:eks/accessEntry:AccessEntry::cluster-admin-deployer"
PLUGIN = "aws:eks/addon:Addon::cluster-addons-vpc-cni"
VOLUMES = "aws:eks/addon:Addon::cluster-addons-aws-ebs-csi-driver"
SERVER = "aws:eks/podIdentityAssociation:PodIdentityAssociation::server-identity"
BOOTSTRAP = "aws:eks/podIdentityAssociation:PodIdentityAssociation::database-logins-bootstrap"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup::cluster-control-plane"
ACCESS_POLICIES = "arn:aws:eks::aws:cluster-access-policy"
ROLES = "arn:aws:iam::111122223333:role"


def of_role(role: str, association: str, name: str) -> Change:
    """The role of one pod given to another, too."""

    def apply(stack: Sequence[R]) -> list[R]:
        arn = next(one for one in stack if f"{one.type}::{one.name}" == role).props["roleArn"]
        given = put(association, name, arn)(stack)
        return options(association, depends={})(given)

    return apply


MUTANTS = (
    # The control plane
    mutant(
        "the API leaves the VPC",
        put(CLUSTER, "vpcConfig.endpointPrivateAccess", False),
        "eks-private-endpoint",
    ),
    mutant(
        "the public endpoint admits one more network",
        put(CLUSTER, "vpcConfig.publicAccessCidrs[1]", "198.51.100.0/24"),
        "eks-private-endpoint",
    ),
    *each(
        "the public endpoint admits everybody",
        [
            ("all", put(CLUSTER, "vpcConfig.publicAccessCidrs", ["0.0.0.0/0"])),
            ("nobody is named", drop(CLUSTER, "vpcConfig.publicAccessCidrs")),
            ("in halves", put(CLUSTER, "vpcConfig.publicAccessCidrs", ["0.0.0.0/1", "128.0.0.0/1"])),
        ],
        "eks-private-endpoint",
        "eks-public-cidrs",
    ),
    mutant(
        "dev's endpoint admits everybody by IPv6",
        put(CLUSTER, "vpcConfig.publicAccessCidrs[1]", "::/0"),
        "eks-private-endpoint",
        "eks-public-cidrs",
        stack="dev",
    ),
    *each(
        "secrets are not encrypted",
        [
            ("nothing is", drop(CLUSTER, "encryptionConfig")),
            ("without a key", drop(CLUSTER, "encryptionConfig.provider")),
            ("something else is", put(CLUSTER, "encryptionConfig.resources", [])),
        ],
        "eks-secrets-kms",
    ),
    *each(
        "the control plane does not log everything",
        [
            ("not the audit", put(CLUSTER, "enabledClusterLogTypes", ["api", "authenticator"])),
            ("nothing", drop(CLUSTER, "enabledClusterLogTypes")),
        ],
        "eks-control-logs",
    ),
    mutant("the cluster is old", put(CLUSTER, "version", "1.33"), "eks-version"),
    mutant("the cluster has no version", drop(CLUSTER, "version"), "eks-version"),
    mutant("extended support comes by itself", drop(CLUSTER, "upgradePolicy"), "eks-version"),
    mutant(
        "the cluster can be deleted", put(CLUSTER, "deletionProtection", False), "eks-deletion-protection"
    ),
    mutant(
        "the cluster can be deleted by default",
        drop(CLUSTER, "deletionProtection"),
        "eks-deletion-protection",
    ),
    # Its logs
    mutant("nothing declares the control plane's log group", without(LOG_GROUP), "eks-log-group"),
    mutant(
        "the log group is another cluster's", put(LOG_GROUP, "name", "/aws/eks/x/cluster"), "eks-log-group"
    ),
    # Who may enter
    *each(
        "a cluster lets people in by its ConfigMap",
        [
            ("too", put(CLUSTER, "accessConfig.authenticationMode", "API_AND_CONFIG_MAP")),
            ("by default", drop(CLUSTER, "accessConfig.authenticationMode")),
        ],
        "eks-access-api",
    ),
    mutant(
        "the creator stays an administrator",
        put(CLUSTER, "accessConfig.bootstrapClusterCreatorAdminPermissions", True),
        "eks-access-api",
    ),
    mutant("a stranger administers", put(ADMIN, "principalArn", f"{ROLES}/ci"), "eks-admin-entries"),
    mutant(
        "a second principal edits everything",
        like(
            ADMIN,
            "cluster-edit",
            principalArn=f"{ROLES}/ci",
            policyArn=f"{ACCESS_POLICIES}/AmazonEKSEditPolicy",
        ),
        "eks-admin-entries",
    ),
    mutant("a principal is a master", put(ENTRY, "kubernetesGroups", ["system:masters"]), "eks-no-masters"),
    mutant(
        "dev has a master, behind another group",
        put(ENTRY, "kubernetesGroups", ["viewers", "system:masters"]),
        "eks-no-masters",
        stack="dev",
    ),
    # The network plugin
    *each(
        "network policies are a wish",
        [
            (
                "they are off",
                put(PLUGIN, "configurationValues", json.dumps({"enableNetworkPolicy": "false"})),
            ),
            ("nobody says", drop(PLUGIN, "configurationValues")),
            ("nothing declares the plugin", without(PLUGIN)),
        ],
        "eks-cni-netpol",
    ),
    mutant("the network plugin is not pinned", drop(PLUGIN, "addonVersion"), "eks-cni-netpol"),
    mutant(
        "the network plugin has the role of nodes", drop(PLUGIN, "podIdentityAssociations"), "eks-cni-netpol"
    ),
    # As whom pods talk to AWS
    mutant(
        "two service accounts share a role",
        of_role(SERVER, BOOTSTRAP, "roleArn"),
        "eks-workload-identity",
    ),
    mutant(
        "an add-on shares a role",
        of_role(SERVER, VOLUMES, "podIdentityAssociations[0].roleArn"),
        "eks-workload-identity",
    ),
    mutant(
        "every pod gets the server's role", put(SERVER, "serviceAccount", "default"), "eks-workload-identity"
    ),
    mutant(
        "the server has an AWS key",
        put(
            "kubernetes:apps/v1:Deployment::server",
            "spec.template.spec.containers[0].env[0]",
            {"name": "AWS_ACCESS_KEY_ID", "valueFrom": {"secretKeyRef": {"name": "server", "key": "id"}}},
        ),
        "eks-workload-identity",
        "k8s-secrets-as-files",
    ),
)
