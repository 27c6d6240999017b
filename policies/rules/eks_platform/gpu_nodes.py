"""Nodes with accelerators: scarce, dear, and for the pods that need them only."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.accelerators import accelerator
from policies.lib.check import Check
from policies.lib.logic import any_holds, some
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.subnets import SUBNET_TYPES
from policies.lib.types import types
from policies.rules.eks_platform.launch_templates import LAUNCH_TEMPLATE
from policies.rules.eks_platform.nodes import NODE_GROUP, judge_subnets, template_of

_KEEPING_OUT = frozenset({"NO_SCHEDULE", "NO_EXECUTE"})
_ACCELERATED_IMAGES = ("NVIDIA", "NEURON", "GPU")


class Pool(Settings):
    """How large a group of accelerated nodes may be."""

    minimum_desired: int = Field(default=1, ge=0, description="How many nodes have to run.")
    maximum_size: int = Field(default=8, ge=1, description="How many nodes may run at most.")


@stack_rule(
    "gpu-node-isolated",
    types(NODE_GROUP, LAUNCH_TEMPLATE) | SUBNET_TYPES,
    title="Accelerated nodes take no other pods, are few, private, and there when they are needed",
    why="An ordinary pod on a GPU node takes the model's place, and an unbounded group takes any budget.",
    fix="Give the group a NO_SCHEDULE taint, a label, a bounded scalingConfig and private subnets.",
    severity=Severity.MEDIUM,
    refs="",
    url="https://docs.aws.amazon.com/eks/latest/best-practices/aiml-compute.html",
    dev="advisory",
    prod="mandatory",
    settings=Pool,
)
def gpu_node_isolated(stack: Stack, check: Check) -> None:
    for group in stack.of(NODE_GROUP):
        with check.on(group):
            if _is_accelerated(stack, group):
                _judge(stack, group, check)


def _is_accelerated(stack: Stack, group: Resource) -> bool:
    def by_template() -> bool:
        template = template_of(stack, group) if group["launchTemplate"].present else None
        return bool(template and accelerator(template["instanceType"].text()))

    return any_holds(
        lambda: any(mark in group["amiType"].text().upper() for mark in _ACCELERATED_IMAGES),
        lambda: some(group["instanceTypes"].items(), lambda one: bool(accelerator(one.text()))),
        by_template,
    )


def _judge(stack: Stack, group: Resource, check: Check) -> None:
    taints, labels, scaling = group["taints"], group["labels"], group["scalingConfig"]
    pool = check.settings(Pool)
    with check.part():
        if not some(taints.items(), lambda one: one["effect"].text().upper() in _KEEPING_OUT):
            check.violation("no taint keeps other pods away", taints)
    with check.part():
        if not labels.entries():
            check.violation("no label lets pods ask for it", labels)
    with check.part():
        most = scaling["maxSize"]
        if not 0 < most.number(default=0) <= pool.maximum_size:
            check.violation(f"it may grow beyond {pool.maximum_size} nodes", most)
    with check.part():
        desired = scaling["desiredSize"]
        if desired.number(default=0) < pool.minimum_desired:
            check.violation(f"fewer than {pool.minimum_desired} of its nodes run", desired)
    judge_subnets(stack, group, check)
