"""Nodes of these stacks made worse."""

from __future__ import annotations

import json

from tests.policies.mutants.mutant import each, like, mutant
from tests.support.policies import R, add, both, drop, options, put

GROUP = "aws:eks/nodeGroup:NodeGroup::cluster-nodes-app"
GPU_GROUP = "aws:eks/nodeGroup:NodeGroup::cluster-nodes-gpu"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate::cluster-nodes-app"
NODE_ROLE = "aws:iam/role:Role::cluster-nodes"
PULL = "aws:iam/rolePolicyAttachment:RolePolicyAttachment::cluster-nodes-pull"
SUBNET = "aws:ec2/subnet:Subnet::network-private-b"
ROUTE = "aws:ec2/route:Route::network-private-b-nat"
AWS_POLICIES = "arn:aws:iam::aws:policy"
IMDS = ("eks-imdsv2", "eks-ng-uses-hardened-lt")
DISK = ("eks-node-disk-encrypted", "eks-ng-uses-hardened-lt")

MUTANTS = (
    mutant(
        "a subnet of nodes becomes a public one",
        put(SUBNET, "tags.tier", "public"),
        "eks-private-nodes",
        "gpu-node-isolated",
        "net-az-spread",
    ),
    mutant(
        "a subnet of nodes gives public addresses",
        put(SUBNET, "mapPublicIpOnLaunch", True),
        "eks-private-nodes",
        "gpu-node-isolated",
        "net-subnet-no-public-ip",
    ),
    mutant(
        "a subnet of nodes leads to the internet",
        put(ROUTE, "gatewayId", "igw-0123456789abcdef0"),
        "eks-private-nodes",
        "gpu-node-isolated",
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
        "a password is in the start script",
        put(TEMPLATE, "userData", "export PASSWORD=correct-horse"),
        *DISK,
        "sec-no-literals",
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
        put(GPU_GROUP, "amiType", "AL2023_x86_64_STANDARD"),
        "eks-ami-family",
    ),
    *each(
        "GPU nodes",
        [
            ("take other pods", drop(GPU_GROUP, "taints")),
            (
                "ask other pods only to go elsewhere",
                put(GPU_GROUP, "taints[0].effect", "PREFER_NO_SCHEDULE"),
            ),
            ("cannot be asked for", drop(GPU_GROUP, "labels")),
            ("do not run", put(GPU_GROUP, "scalingConfig", {"minSize": 0, "maxSize": 2, "desiredSize": 0})),
        ],
        "gpu-node-isolated",
    ),
    mutant(
        "GPU nodes are too many",
        put(GPU_GROUP, "scalingConfig.maxSize", 50),
        "cost-bounds",
        "gpu-node-isolated",
    ),
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
)
