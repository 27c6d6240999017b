"""What a node may do, and with it every pod that gets at the node's credentials."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
_BY_AWS = "aws"
"""The account in the ARN of a policy that AWS manages."""


class NodePolicies(Settings):
    """What the role of a node may have."""

    policies: tuple[str, ...] = Field(
        default=(
            "AmazonEKSWorkerNodePolicy",
            "AmazonEKSWorkerNodeMinimalPolicy",
            "AmazonEC2ContainerRegistryReadOnly",
            "AmazonEC2ContainerRegistryPullOnly",
            "AmazonSSMManagedInstanceCore",
        ),
        description="Names of policies managed by AWS.",
    )


@stack_rule(
    "eks-node-role-minimal",
    types(CLUSTER, NODE_GROUP, ROLE, POLICY, ATTACHMENT, ROLE_POLICY),
    title="The role of nodes lets them join and pull images, and nothing else",
    why="All pods of a node share its role as soon as one of them gets out: it is what an escape is worth.",
    fix="Give the right to the service account that needs it, by a pod identity, and take it from the nodes.",
    severity=Severity.HIGH,
    refs="CISEKS 5.1.3",
    url="https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html",
    dev="advisory",
    prod="mandatory",
    settings=NodePolicies,
)
def node_role_minimal(stack: Stack, check: Check) -> None:
    roles: dict[str, Resource] = {}
    holders = [(group, "nodeRoleArn") for group in stack.of(NODE_GROUP)]
    holders += [(cluster, "computeConfig.nodeRoleArn") for cluster in stack.of(CLUSTER)]
    for holder, prop in holders:
        with check.on(holder):
            role = stack.target(holder, prop, ROLE) if holder[prop].present else None
            if role:
                roles[role.urn] = role
            elif holder[prop].present:
                raise Undetermined(holder[prop].path, "is a role outside this stack")
    for role in roles.values():
        _judge(stack, role, check)


def _judge(stack: Stack, role: Resource, check: Check) -> None:
    allowed = check.settings(NodePolicies).policies
    with check.on(role):
        for arn in role["managedPolicyArns"].items():
            with check.part():
                _judge_policy(arn, allowed, check)
        for inline in role["inlinePolicies"].items():
            if inline["policy"].present:
                check.violation("a policy is written into the role of nodes", inline)
    with check.on(role):
        for attachment in stack.companions(role, ATTACHMENT, "role"):
            with check.on(attachment):
                if stack.target(attachment, "policyArn", POLICY):
                    check.violation("the role of nodes has a policy of this stack", "policyArn")
                else:
                    _judge_policy(attachment["policyArn"], allowed, check)
    with check.on(role):
        for policy in stack.companions(role, ROLE_POLICY, "role"):
            with check.on(policy):
                check.violation("the role of nodes has a policy of its own", "role")


def _judge_policy(arn: Value, allowed: tuple[str, ...], check: Check) -> None:
    parts = arn.text().split(":", 5)
    managed = len(parts) == 6 and parts[4] == _BY_AWS
    if not managed or parts[5].rpartition("/")[2] not in allowed:
        check.violation("the role of nodes has a policy that nodes do not need", arn)
