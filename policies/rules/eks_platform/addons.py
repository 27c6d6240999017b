"""The network plugin of a cluster, which is what enforces network policies."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.logic import all_hold, any_holds, some
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.types import types
from policies.lib.yaml_text import yaml_document

CLUSTER = "aws:eks/cluster:Cluster"
ADDON = "aws:eks/addon:Addon"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
_PLUGIN = "vpc-cni"


@stack_rule(
    "eks-cni-netpol",
    types(CLUSTER, ADDON, POD_IDENTITY),
    title="The network plugin enforces network policies, at a pinned version and with a role of its own",
    why="Without enableNetworkPolicy every NetworkPolicy is a wish; with the node's role any pod rewires it.",
    fix="Declare the add-on vpc-cni with addonVersion, enableNetworkPolicy in configurationValues, and a "
    "role for aws-node in podIdentityAssociations.",
    severity=Severity.HIGH,
    refs="CISEKS 4.3.1, CISEKS 5.4.4",
    url="https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html",
    dev="advisory",
    prod="mandatory",
    departs="A cluster that does not declare the add-on breaks the rule, too: the copy that EKS installs "
    "enforces nothing. Not so with Auto Mode, whose nodes have a plugin of their own.",
)
def network_plugin(stack: Stack, check: Check) -> None:
    for cluster in stack.of(CLUSTER):
        with check.on(cluster):
            automatic = cluster["computeConfig.enabled"].truth(default=False)
            if not automatic and not some(stack.companions(cluster, ADDON, "clusterName"), _is_plugin):
                check.violation("nothing in the stack declares its network plugin")
    for addon in stack.of(ADDON):
        with check.on(addon):
            if _is_plugin(addon):
                _judge(stack, addon, check)


def _is_plugin(addon: Resource) -> bool:
    return addon["addonName"].text() == _PLUGIN


def _judge(stack: Stack, addon: Resource, check: Check) -> None:
    with check.part():
        values = addon["configurationValues"]
        if not yaml_document(values)["enableNetworkPolicy"].truth(default=False):
            check.violation("it does not enforce network policies", values)
    version = addon["addonVersion"]
    if not version.present:
        check.violation("its version is whatever EKS takes that day", version)
    with check.part():
        own = addon["podIdentityAssociations"]
        if not any_holds(
            lambda: addon["serviceAccountRoleArn"].present,
            lambda: bool(own.items()),
            lambda: some(stack.of(POD_IDENTITY), _is_for_plugin),
        ):
            check.violation("it works with the role of the node", own)


def _is_for_plugin(association: Resource) -> bool:
    return all_hold(
        lambda: association["namespace"].text() == "kube-system",
        lambda: association["serviceAccount"].text() == "aws-node",
    )
