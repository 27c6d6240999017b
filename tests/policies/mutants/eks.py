"""Clusters, nodes, identities of pods and repositories of these stacks, made worse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import Change, R, add, both, drop, options, put, without

CLUSTER = "aws:eks/cluster:Cluster::cluster"
ADMIN = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation::cluster-admin-deployer"
ENTRY = "aws:eks/accessEntry:AccessEntry::cluster-admin-deployer"
GROUP = "aws:eks/nodeGroup:NodeGroup::cluster-nodes-app"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate::cluster-nodes-app"
PLUGIN = "aws:eks/addon:Addon::cluster-addons-vpc-cni"
VOLUMES = "aws:eks/addon:Addon::cluster-addons-aws-ebs-csi-driver"
NODE_ROLE = "aws:iam/role:Role::cluster-nodes"
PULL = "aws:iam/rolePolicyAttachment:RolePolicyAttachment::cluster-nodes-pull"
SERVER = "aws:eks/podIdentityAssociation:PodIdentityAssociation::server-identity"
BOOTSTRAP = "aws:eks/podIdentityAssociation:PodIdentityAssociation::database-logins-bootstrap"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup::cluster-control-plane"
SUBNET = "aws:ec2/subnet:Subnet::network-private-b"
ROUTE = "aws:ec2/route:Route::network-private-b-nat"
REPOSITORY = "aws:ecr/repository:Repository::images-server"
COPY = "aws:ecr/repository:Repository::images-server-copy"
EXPIRY = "aws:ecr/lifecyclePolicy:LifecyclePolicy::images-server"
COPY_EXPIRY = "aws:ecr/lifecyclePolicy:LifecyclePolicy::images-server-copy"
AWS_POLICIES = "arn:aws:iam::aws:policy"
ACCESS_POLICIES = "arn:aws:eks::aws:cluster-access-policy"
ROLES = "arn:aws:iam::111122223333:role"


def like(which: str, name: str, **props: Any) -> Change:
    """One more resource, which is as that one but for these properties; None takes one away."""

    def apply(stack: Sequence[R]) -> list[R]:
        model = next(one for one in stack if f"{one.type}::{one.name}" == which)
        kept = {key: value for key, value in {**model.props, **props}.items() if value is not None}
        depends = {key: urns for key, urns in model.depends.items() if key not in props}
        return [*stack, replace(model, name=name, props=kept, depends=depends, recorded_urn="")]

    return apply


def gpu_group(**props: Any) -> Change:
    """A group of GPU nodes as the program would make it, but for these properties."""
    good: dict[str, Any] = {
        "amiType": "AL2023_x86_64_NVIDIA",
        "instanceTypes": ["g6e.xlarge"],
        "labels": {"roost.dev/pool": "gpu"},
        "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
        "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 1},
    }
    return like(GROUP, "cluster-nodes-gpu", **{**good, **props})


def of_role(role: str, association: str, name: str) -> Change:
    """The role of one pod given to another, too."""

    def apply(stack: Sequence[R]) -> list[R]:
        arn = next(one for one in stack if f"{one.type}::{one.name}" == role).props["roleArn"]
        given = put(association, name, arn)(stack)
        return options(association, depends={})(given)

    return apply


IMDS = ("eks-imdsv2", "eks-ng-uses-hardened-lt")
DISK = ("eks-node-disk-encrypted", "eks-ng-uses-hardened-lt")

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
    # Nodes
    mutant(
        "a subnet of nodes becomes a public one",
        put(SUBNET, "tags.tier", "public"),
        "eks-private-nodes",
        "net-az-spread",
    ),
    mutant(
        "a subnet of nodes gives public addresses",
        put(SUBNET, "mapPublicIpOnLaunch", True),
        "eks-private-nodes",
        "net-subnet-no-public-ip",
    ),
    mutant(
        "a subnet of nodes leads to the internet",
        put(ROUTE, "gatewayId", "igw-0123456789abcdef0"),
        "eks-private-nodes",
        "net-data-subnets-no-igw",
    ),
    mutant(
        "nodes can be logged in to",
        put(GROUP, "remoteAccess", {"ec2SshKey": "team"}),
        "eks-node-no-ssh",
    ),
    mutant("a group has no template", drop(GROUP, "launchTemplate"), "eks-ng-uses-hardened-lt"),
    mutant(
        "a group has the template of nobody",
        both(
            add(
                R(
                    "aws:ec2/launchTemplate:LaunchTemplate",
                    {
                        "id": "lt-0",
                        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
                    },
                    name="bare",
                )
            ),
            both(put(GROUP, "launchTemplate.id", "lt-0"), options(GROUP, depends={})),
        ),
        *DISK,
    ),
    *each(
        "pods reach the credentials of nodes",
        [
            ("over a second hop", put(TEMPLATE, "metadataOptions.httpPutResponseHopLimit", 2)),
            ("over as many as EKS likes", drop(TEMPLATE, "metadataOptions.httpPutResponseHopLimit")),
            ("without a token", put(TEMPLATE, "metadataOptions.httpTokens", "optional")),
            ("by default", drop(TEMPLATE, "metadataOptions")),
        ],
        *IMDS,
    ),
    *each(
        "the disks of nodes",
        [
            ("are not encrypted", put(TEMPLATE, "blockDeviceMappings[0].ebs.encrypted", "false")),
            ("say nothing of it", drop(TEMPLATE, "blockDeviceMappings[0].ebs.encrypted")),
            ("have AWS's key", drop(TEMPLATE, "blockDeviceMappings[0].ebs.kmsKeyId")),
            ("are the image's", drop(TEMPLATE, "blockDeviceMappings")),
        ],
        *DISK,
    ),
    mutant(
        "nodes have public addresses",
        put(TEMPLATE, "networkInterfaces", [{"associatePublicIpAddress": "true"}]),
        *DISK,
    ),
    mutant(
        "a password is in the start script", put(TEMPLATE, "userData", "export PASSWORD=correct-horse"), *DISK
    ),
    mutant(
        "dev's nodes are reached", put(TEMPLATE, "metadataOptions.httpTokens", "optional"), *IMDS, stack="dev"
    ),
    *each(
        "the image of nodes",
        [
            ("is Amazon Linux 2", put(GROUP, "amiType", "AL2_ARM_64")),
            ("is what EKS takes", drop(GROUP, "amiType")),
            ("is one's own", put(GROUP, "amiType", "CUSTOM")),
        ],
        "eks-ami-family",
    ),
    mutant(
        "GPUs have no drivers",
        gpu_group(amiType="AL2023_x86_64_STANDARD"),
        "eks-ami-family",
    ),
    # GPUs
    mutant("GPU nodes are as they should be", gpu_group()),
    *each(
        "GPU nodes",
        [
            ("take other pods", gpu_group(taints=None)),
            (
                "ask other pods only to go elsewhere",
                gpu_group(taints=[{"key": "a", "effect": "PREFER_NO_SCHEDULE"}]),
            ),
            ("cannot be asked for", gpu_group(labels=None)),
            ("are too many", gpu_group(scalingConfig={"minSize": 1, "maxSize": 50, "desiredSize": 1})),
            ("do not run", gpu_group(scalingConfig={"minSize": 0, "maxSize": 2, "desiredSize": 0})),
        ],
        "gpu-node-isolated",
    ),
    # Add-ons
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
    # Rights
    mutant(
        "nodes may push images",
        put(PULL, "policyArn", f"{AWS_POLICIES}/AmazonEC2ContainerRegistryPowerUser"),
        "eks-node-role-minimal",
    ),
    mutant(
        "nodes have the network plugin's policy",
        like(PULL, "cluster-nodes-cni", policyArn=f"{AWS_POLICIES}/AmazonEKS_CNI_Policy"),
        "eks-node-role-minimal",
    ),
    mutant(
        "nodes have a policy of their own",
        put(
            NODE_ROLE,
            "inlinePolicies",
            [
                {
                    "name": "logs",
                    "policy": json.dumps(
                        {
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": "logs:PutLogEvents",
                                    "Resource": "arn:aws:logs:eu-central-1:111122223333:log-group:x",
                                }
                            ]
                        }
                    ),
                }
            ],
        ),
        "eks-node-role-minimal",
    ),
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
    # Images
    *each(
        "a repository",
        [
            ("lets tags move", put(REPOSITORY, "imageTagMutability", "MUTABLE")),
            ("lets tags move by default", drop(REPOSITORY, "imageTagMutability")),
            (
                "lets some tags move",
                both(
                    put(REPOSITORY, "imageTagMutability", "IMMUTABLE_WITH_EXCLUSION"),
                    put(
                        REPOSITORY,
                        "imageTagMutabilityExclusionFilters",
                        [{"filterType": "WILDCARD", "filter": "*"}],
                    ),
                ),
            ),
            ("is not scanned", put(REPOSITORY, "imageScanningConfiguration.scanOnPush", False)),
            (
                "is not encrypted with KMS",
                put(REPOSITORY, "encryptionConfigurations", [{"encryptionType": "AES256"}]),
            ),
            ("goes with its images", put(REPOSITORY, "forceDelete", True)),
            ("keeps everything", without(EXPIRY)),
            ("keeps everything in the second region", without(COPY_EXPIRY)),
            ("is not scanned in the second region", drop(COPY, "imageScanningConfiguration")),
            (
                "is everybody's",
                add(
                    R(
                        "aws:ecr/repositoryPolicy:RepositoryPolicy",
                        {
                            "repository": "roost-prod/server",
                            "region": "eu-central-1",
                            "policy": json.dumps(
                                {
                                    "Statement": [
                                        {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
                                    ]
                                }
                            ),
                        },
                        name="open",
                    )
                ),
            ),
        ],
        "ecr-hardened",
    ),
    mutant(
        "dev lets more tags move",
        put(REPOSITORY, "imageTagMutabilityExclusionFilters[2]", {"filterType": "WILDCARD", "filter": "v*"}),
        "ecr-hardened",
        stack="dev",
    ),
)
