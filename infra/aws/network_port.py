"""What the other AWS parts know of the network, whoever made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pulumi

from infra.sizing.cidr import SubnetPlan


class NetworkPort(Protocol):
    """A VPC to build in: the stack's own (`Network`) or one that was there before (`AdoptedNetwork`).

    Lists of subnets hold one for each zone, in the order of the settings.
    """

    plan: SubnetPlan
    """Ranges of the subnets, known before anything exists."""
    vpc_id: pulumi.Output[str]
    public_subnet_ids: list[pulumi.Output[str]]
    private_subnet_ids: list[pulumi.Output[str]]
    database_subnet_ids: list[pulumi.Output[str]]
    s3_cidrs: pulumi.Output[Sequence[str]]
    """Addresses of S3 in the region, as AWS lists them for route tables."""
    nat_gateway_ids: dict[str, pulumi.Output[str]]
    """The stack's own NAT gateways, by zone."""
    ready: list[pulumi.Resource]
    """What nodes need to reach AWS and their images."""
