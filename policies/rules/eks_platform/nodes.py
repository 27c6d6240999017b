"""Managed node groups: where their machines are, how they start, and who can log in."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.accelerators import Accelerator, accelerator
from policies.lib.check import Check
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import CreateOnly, Settings
from policies.lib.subnets import SUBNET, SUBNET_TYPES, why_public
from policies.lib.types import types
from policies.lib.values import Undetermined
from policies.rules.eks_platform.launch_templates import LAUNCH_TEMPLATE, is_hardened

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
_FAMILIES = ("AL2023_", "BOTTLEROCKET_")
_DRIVERS = {Accelerator.NVIDIA: ("NVIDIA",), Accelerator.NEURON: ("NEURON", "BOTTLEROCKET")}
"""What the name of an image with the accelerator's drivers contains; every Bottlerocket has Neuron's."""


def judge_subnets(stack: Stack, group: Resource, check: Check) -> None:
    """Report the subnets of a node group that are not private.

    Raises:
        Undetermined: one of them is not in this stack.
    """
    subnets = stack.targets(group, "subnetIds", SUBNET)
    for subnet in subnets:
        with check.part():
            if why := why_public(stack, subnet):
                check.violation(f"its subnet {subnet.name} {why}", "subnetIds")
    named = group["subnetIds"]
    if named.known and len({one.text() if one.known else one.path for one in named.items()}) > len(subnets):
        raise Undetermined(named.path, "names a subnet outside this stack")


@stack_rule(
    "eks-private-nodes",
    types(NODE_GROUP) | SUBNET_TYPES,
    title="Nodes are in private subnets",
    why="A node with a public address is one open port away from the internet, and so is every pod on it.",
    fix="Give the node group subnets without a route to an internet gateway.",
    severity=Severity.HIGH,
    refs="CISEKS 5.4.3",
    url="https://docs.aws.amazon.com/eks/latest/best-practices/subnets.html",
    dev="mandatory",
    prod="mandatory",
)
def private_nodes(stack: Stack, check: Check) -> None:
    for group in stack.of(NODE_GROUP):
        with check.on(group):
            judge_subnets(stack, group, check)


def _no_remote_access(draft: Draft, _: Settings) -> None:
    if draft.get("remoteAccess.ec2SshKey") is not None and not draft.get(
        "remoteAccess.sourceSecurityGroupIds"
    ):
        draft.put("remoteAccess", None)


@resource_rule(
    "eks-node-no-ssh",
    types(NODE_GROUP),
    title="Nobody logs in to nodes from the internet",
    why="With a key and no source EKS opens port 22 of every node to every address.",
    fix="Leave remoteAccess out and use Session Manager, or name its sourceSecurityGroupIds.",
    severity=Severity.HIGH,
    refs="CKV AWS_100",
    url="https://docs.aws.amazon.com/eks/latest/APIReference/API_RemoteAccessConfig.html",
    dev="mandatory",
    prod="mandatory",
    departs="The remedy is for new node groups only, as a change of remoteAccess replaces the group.",
    settings=CreateOnly,
    remedy=_no_remote_access,
)
def node_no_ssh(group: Resource, check: Check) -> None:
    key = group["remoteAccess.ec2SshKey"]
    if key.present and not group["remoteAccess.sourceSecurityGroupIds"].items():
        check.violation("port 22 of its nodes is open to every address", key)


@stack_rule(
    "eks-ng-uses-hardened-lt",
    types(NODE_GROUP, LAUNCH_TEMPLATE),
    title="Every node group starts from a hardened launch template",
    why="Without one EKS lets pods reach the node's credentials over a second hop, and encrypts no disk.",
    fix="Give the node group a launchTemplate that keeps eks-imdsv2 and eks-node-disk-encrypted.",
    severity=Severity.HIGH,
    refs="FSBP EC2.8, FSBP EC2.170, CIS 5.7, CKV AWS_79, CKV AWS_341",
    dev="mandatory",
    prod="mandatory",
)
def hardened_template(stack: Stack, check: Check) -> None:
    for group in stack.of(NODE_GROUP):
        with check.on(group):
            reference = group["launchTemplate"]
            if not reference.present:
                check.violation("it has no launch template", reference)
                continue
            template = template_of(stack, group)
            if template is None:
                raise Undetermined(reference.path, "is a launch template outside this stack")
            if not is_hardened(template):
                check.violation(f"its launch template {template.name} is not hardened", reference)
            else:
                _require_latest(group, template)


def template_of(stack: Stack, group: Resource) -> Resource | None:
    by = "name" if group["launchTemplate.name"].present else "id"
    return stack.target(group, f"launchTemplate.{by}", LAUNCH_TEMPLATE)


def _require_latest(group: Resource, template: Resource) -> None:
    """Of a template only the latest version can be read.

    Raises:
        Undetermined: the group uses another.
    """
    used, latest = group["launchTemplate.version"], template["latestVersion"]
    if not used.present or (used.known and used.text() == "$Default"):
        if template["updateDefaultVersion"].truth(default=False):
            return
        used = template["defaultVersion"]
    comparable = used.known and latest.known and used.text() != "$Latest"
    if comparable and used.text() != latest.text():
        raise Undetermined(group["launchTemplate.version"].path, "is not the latest version of the template")


@resource_rule(
    "eks-ami-family",
    types(NODE_GROUP),
    title="Nodes run Bottlerocket or Amazon Linux 2023, with the drivers that their instances need",
    why="Amazon Linux 2 gets no fixes any more; without its drivers a GPU is paid for and not used.",
    fix="Set amiType to AL2023 or Bottlerocket, in the NVIDIA or Neuron variant where the instances need it.",
    severity=Severity.MEDIUM,
    refs="",
    url="https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html",
    dev="advisory",
    prod="mandatory",
)
def ami_family(group: Resource, check: Check) -> None:
    image = group["amiType"]
    if not image.present:
        check.violation("the image is whatever EKS takes that day", image)
        return
    family = image.text().upper()
    if not family.startswith(_FAMILIES):
        check.violation("the image is neither Bottlerocket nor Amazon Linux 2023", image)
        return
    needed = {found for one in group["instanceTypes"].texts() if (found := accelerator(one))}
    for kind in sorted(needed & _DRIVERS.keys(), key=lambda one: one.value):
        if not any(driver in family for driver in _DRIVERS[kind]):
            check.violation(f"the image has no {kind.value} drivers", image)
