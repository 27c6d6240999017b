"""Sizes and kinds that an environment may pay for."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.accelerators import accelerator
from policies.lib.check import Check
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value

INSTANCE = "aws:rds/instance:Instance"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
VOLUME = "aws:ebs/volume:Volume"
_DEFAULT_NODE = "t3.medium"
_DEFAULT_STORAGE = "gp2"
_INCLUDED_IOPS = 3000
"""What gp3 has without paying for more."""


class Choices(Settings):
    """Globs over what is sold."""

    database_classes: tuple[str, ...] = Field(
        default=("db.m7g.*", "db.m8g.*", "db.r7g.*", "db.r8g.*"), description="Classes of databases."
    )
    node_types: tuple[str, ...] = Field(
        default=("m7g.*", "m8g.*", "c7g.*", "c8g.*", "r7g.*", "r8g.*"),
        description="Instance types of nodes without an accelerator.",
    )
    accelerated_types: tuple[str, ...] = Field(
        default=("g5.*", "g6.*", "g6e.*"), description="Instance types of nodes with one."
    )
    storage_types: tuple[str, ...] = Field(
        default=("gp3", "io2"), description="Types of volumes, of databases and nodes too."
    )
    provisioned_iops: bool = Field(
        default=True, description=f"Whether more than the {_INCLUDED_IOPS} operations of gp3 may be paid for."
    )
    data_pools: tuple[str, ...] = Field(
        default=("data", "database", "clickhouse"),
        description="Values of a node label that stand for nodes with data, which may not be Spot.",
    )


@resource_rule(
    "cost-allow-list",
    types(INSTANCE, NODE_GROUP, LAUNCH_TEMPLATE, VOLUME),
    title="Instances and volumes are of the kinds that the environment may pay for",
    why="One wrong size costs more in a month than the rest of the stack; Spot takes data with it.",
    fix="Choose a type that policies/config lists for the environment, or add it there in a reviewed change.",
    severity=Severity.MEDIUM,
    refs="",
    dev="mandatory",
    prod="mandatory",
    url="https://docs.aws.amazon.com/wellarchitected/latest/cost-optimization-pillar/welcome.html",
    settings=Choices,
    departs=(
        "NAT gateways come in one kind; their number is for net-az-spread. Disks of nodes are those of their "
        "launch templates."
    ),
)
def allow_list(resource: Resource, check: Check) -> None:
    settings = check.settings(Choices)
    if resource.type == INSTANCE:
        with check.part():
            _expect("the database class", resource["instanceClass"], settings.database_classes, check)
        _judge_storage(resource["storageType"], resource["iops"], settings, check)
    elif resource.type == VOLUME:
        _judge_storage(resource["type"], resource["iops"], settings, check)
    elif resource.type == LAUNCH_TEMPLATE:
        if resource["instanceType"].present:
            with check.part():
                _expect_node(resource["instanceType"], settings, check)
        for device in resource["blockDeviceMappings"].items():
            disk = device["ebs"]
            if disk.present:
                _judge_storage(disk["volumeType"], disk["iops"], settings, check)
    else:
        _judge_nodes(resource, settings, check)


def _judge_nodes(group: Resource, settings: Choices, check: Check) -> None:
    for one in instance_types(group):
        with check.part():
            _expect_node(one, settings, check)
    with check.part():
        spot = group["capacityType"]
        if spot.text().upper() == "SPOT" and any(
            label.text() in settings.data_pools for label in group["labels"].entries().values()
        ):
            check.violation("nodes with data are Spot, which AWS takes back at two minutes' notice", spot)


def instance_types(group: Resource) -> list[Value]:
    """What a node group may start; AWS's default where neither it nor a launch template says.

    Raises:
        Undetermined: they are unknown.
    """
    named = group["instanceTypes"]
    found = named.items()
    if not found and not group["launchTemplate"].present:
        return [Value(_DEFAULT_NODE, named.path)]
    return found


def _expect_node(type_: Value, settings: Choices, check: Check) -> None:
    if accelerator(type_.text()):
        _expect("the accelerated instance type", type_, settings.accelerated_types, check)
    else:
        _expect("the instance type", type_, settings.node_types, check)


def _judge_storage(type_: Value, iops: Value, settings: Choices, check: Check) -> None:
    with check.part():
        default = "io1" if iops.number(default=0) > 0 else _DEFAULT_STORAGE
        if type_.text(default=default).lower() not in settings.storage_types:
            check.violation("the storage is of a type that is not on the list", type_)
    with check.part():
        if not settings.provisioned_iops and iops.number(default=0) > _INCLUDED_IOPS:
            check.violation("operations per second are paid for", iops)


def _expect(what: str, value: Value, globs: Iterable[str], check: Check) -> None:
    name = value.text().lower()
    if not any(fnmatchcase(name, glob) for glob in globs):
        check.violation(f"{what} is not on the list", value)
