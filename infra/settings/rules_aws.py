"""Rules that only a stack on AWS can break."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from infra.settings.aws import AwsSettings
from infra.settings.settings import Settings
from infra.sizing.instance_types import architecture
from infra.sizing.rds import connections_ceiling

ADDRESSES_PER_NODE = 30
"""What the AWS CNI holds for a node of the sizes in use: one for each pod, and a warm interface."""


def addresses_suffice(settings: Settings) -> Iterator[str]:
    """The VPC's range can be planned, does not collide with Services, and has room for all nodes and pods."""
    aws = settings.aws
    if aws is None:
        return
    try:
        plan = aws.network.plan()
    except ValueError as error:
        yield f"`roost:aws.network`: {error}."
        return
    try:
        services = IPv4Network(aws.cluster.service_cidr)
    except ValueError as error:
        yield f"`roost:aws.cluster.serviceCidr` is not an IPv4 range such as 172.20.0.0/16: {error}."
        return
    given = aws.network.cidr if aws.network.existing is None else "the subnets of network.existing.private"
    taken = [aws.network.cidr] if aws.network.existing is None else plan.ranges
    if any(IPv4Network(cidr).overlaps(services) for cidr in taken):
        yield (
            f"`roost:aws.cluster.serviceCidr` ({aws.cluster.service_cidr}) overlaps the VPC "
            f"({', '.join(taken)}), so some addresses would mean two things: choose another range."
        )
    needed = addresses_wanted(aws)
    if needed > plan.pod_addresses:
        yield (
            f"`roost:aws.network`: {given} gives nodes and pods {plan.pod_addresses} addresses, and "
            f"{_nodes(aws)} nodes can ask for {needed}: take a larger range, more zones, or fewer nodes."
        )


def addresses_wanted(aws: AwsSettings) -> int:
    """Addresses of all nodes and their pods when every group is at its largest."""
    return _nodes(aws) * ADDRESSES_PER_NODE


def ipv6_is_everywhere(settings: Settings) -> Iterator[str]:
    """A load balancer has IPv6 addresses only where its subnets do."""
    aws = settings.aws
    if aws is not None and aws.edge.dual_stack and not aws.network.ipv6 and aws.network.existing is None:
        yield (
            "`roost:aws.edge.dualStack` is true, and the VPC has no IPv6 range: set `network.ipv6` to true, "
            "or `edge.dualStack` to false."
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


def built_image_runs_on_the_nodes(settings: Settings) -> Iterator[str]:
    """An image that the stack builds has a variant for the processors of the nodes that run it."""
    aws = settings.aws
    if aws is None or settings.server.image is not None:
        return
    kind = architecture(aws.cluster.app_nodes.instance_types[0])
    platform = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}[kind]
    if platform not in aws.images.platforms:
        yield (
            f"`roost:aws.images.platforms` lacks {platform}, which the nodes of "
            f"`roost:aws.cluster.appNodes` ({aws.cluster.app_nodes.instance_types[0]}) run: add it."
        )


def node_zones_exist(settings: Settings) -> Iterator[str]:
    """A group of nodes is where the network is."""
    aws = settings.aws
    if aws is None:
        return
    try:
        known = tuple(aws.network.plan().private)
    except ValueError:
        return  # said by addresses_suffice
    for group, nodes in (
        ("systemNodes", aws.cluster.system_nodes),
        ("appNodes", aws.cluster.app_nodes),
        ("gpuNodes", aws.cluster.gpu_nodes),
    ):
        unknown = sorted(set(nodes.zones) - set(known)) if nodes is not None else []
        if unknown:
            yield (
                f"`roost:aws.cluster.{group}.zones` names {', '.join(unknown)}, and the network has "
                f"{', '.join(known)}."
            )
