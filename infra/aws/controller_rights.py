"""What the AWS Load Balancer Controller may do: attach pods of one namespace to target groups, and no more.

Upstream's policy lets it create and delete load balancers, security groups and firewall associations. Ours
are in the state and are nobody else's to change, so it gets none of that.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.aws.documents import Statement, document


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One RBAC rule."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


_READ = ("get", "list", "watch")
LEADER_LEASE = "aws-load-balancer-controller-leader"

CLUSTER_RULES = (
    Rule(groups=("",), resources=("nodes", "namespaces"), verbs=_READ),
    Rule(groups=("networking.k8s.io",), resources=("ingressclasses",), verbs=_READ),
    Rule(groups=("elbv2.k8s.aws",), resources=("ingressclassparams",), verbs=_READ),
)

NAMESPACE_RULES = (
    Rule(groups=("",), resources=("pods", "services", "endpoints"), verbs=_READ),
    Rule(groups=("discovery.k8s.io",), resources=("endpointslices",), verbs=_READ),
    Rule(groups=("networking.k8s.io",), resources=("ingresses",), verbs=_READ),
    Rule(groups=("",), resources=("events",), verbs=("create", "patch")),
    # The readiness gate: a pod is ready once the load balancer has found it healthy.
    Rule(groups=("",), resources=("pods/status",), verbs=("patch", "update")),
    Rule(groups=("elbv2.k8s.aws",), resources=("targetgroupbindings",), verbs=(*_READ, "patch", "update")),
    Rule(groups=("elbv2.k8s.aws",), resources=("targetgroupbindings/status",), verbs=("patch", "update")),
)

LEADER_RULES = (
    Rule(groups=("coordination.k8s.io",), resources=("leases",), verbs=("create",)),
    Rule(
        groups=("coordination.k8s.io",),
        resources=("leases",),
        verbs=("get", "patch", "update"),
        names=(LEADER_LEASE,),
    ),
)


def controller_policy(target_group_arn: str) -> str:
    """IAM: register and deregister in one target group; the describing actions know no resources."""
    return document(
        Statement(
            sid="AttachPods",
            actions=["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"],
            resources=[target_group_arn],
        ),
        Statement(
            sid="Look",
            actions=[
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            resources=["*"],
        ),
    )
