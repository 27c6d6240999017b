"""Rules that only a stack on AWS can break."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from infra.settings.aws import AwsSettings
from infra.settings.settings import Settings
from infra.sizing.cidr import plan_subnets, vpc_network
from infra.sizing.rds import connections_ceiling

ADDRESSES_PER_NODE = 30
"""What the AWS CNI holds for a node of the sizes in use: one for each pod, and a warm interface."""


def addresses_suffice(settings: Settings) -> Iterator[str]:
    """The VPC's range can be planned, does not collide with Services, and has room for all nodes and pods."""
    aws = settings.aws
    if aws is None:
        return
    try:
        plan = plan_subnets(aws.network.cidr, aws.network.zones)
    except ValueError as error:
        yield f"`roost:aws.network`: {error}."
        return
    try:
        services = IPv4Network(aws.cluster.service_cidr)
    except ValueError as error:
        yield f"`roost:aws.cluster.serviceCidr` is not an IPv4 range such as 172.20.0.0/16: {error}."
        return
    if vpc_network(aws.network.cidr).overlaps(services):
        yield (
            f"`roost:aws.cluster.serviceCidr` ({aws.cluster.service_cidr}) overlaps the VPC "
            f"({aws.network.cidr}), so some addresses would mean two things: choose another range."
        )
    needed = _nodes(aws) * ADDRESSES_PER_NODE
    if needed > plan.pod_addresses:
        yield (
            f"`roost:aws.network.cidr` {aws.network.cidr} gives nodes and pods {plan.pod_addresses} "
            f"addresses, and {_nodes(aws)} nodes can ask for {needed}: take a larger range, more zones, or "
            "fewer nodes."
        )


def _nodes(aws: AwsSettings) -> int:
    cluster = aws.cluster
    gpu = cluster.gpu_nodes.max_nodes if cluster.gpu_nodes is not None else 0
    return cluster.system_nodes.max_nodes + cluster.app_nodes.max_nodes + gpu


def database_carries_its_connections(settings: Settings) -> Iterator[str]:
    """max_connections is within what AWS itself would choose for the instance's memory."""
    if settings.aws is None:
        return
    database = settings.aws.database
    ceiling = connections_ceiling(database.instance_class)
    if ceiling is not None and database.max_connections > ceiling:
        yield (
            f"`roost:aws.database.maxConnections` {database.max_connections} is more than "
            f"{database.instance_class} has memory for: at most {ceiling}, or take a larger class."
        )
