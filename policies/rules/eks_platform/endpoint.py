"""From where the Kubernetes API of a cluster can be reached."""

from __future__ import annotations

import ipaddress

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.net import Network, any_world, is_within, network
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value

CLUSTER = types("aws:eks/cluster:Cluster")
_PUBLIC = "vpcConfig.endpointPublicAccess"
_RANGES = "vpcConfig.publicAccessCidrs"


class Administration(Settings):
    """From where a cluster is administered."""

    public_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = Field(
        default=(), description="CIDRs that may use a public endpoint; without any it has to be closed."
    )


@resource_rule(
    "eks-private-endpoint",
    CLUSTER,
    title="The Kubernetes API is inside the VPC",
    why="An API on the internet meets every scanner, and a leaked credential works from anywhere.",
    fix="Set vpcConfig.endpointPrivateAccess to true and endpointPublicAccess to false, or close the public "
    "endpoint to all but the networks that the rule's publicNetworks name.",
    severity=Severity.HIGH,
    refs="FSBP EKS.1, CISEKS 5.4.2, CKV AWS_39",
    dev="advisory",
    prod="mandatory",
    departs="The design allows a public endpoint by CIDR list, since the first update makes the VPC and "
    "cannot run inside it. Those networks are a setting; without any, the endpoint has to be closed.",
    settings=Administration,
)
def private_endpoint(cluster: Resource, check: Check) -> None:
    with check.part():
        private = cluster["vpcConfig.endpointPrivateAccess"]
        if not private.truth(default=False):
            check.violation("nodes reach the API over its public address", private)
    if cluster[_PUBLIC].truth(default=True):
        _only_from(check.settings(Administration).public_networks, cluster[_RANGES], check)


def _only_from(allowed: tuple[Network, ...], ranges: Value, check: Check) -> None:
    if not allowed or not ranges.items():
        check.violation("the API has a public endpoint", _PUBLIC)
        return
    for one in ranges.items():
        with check.part():
            if not is_within(network(one), allowed):
                check.violation("the public endpoint admits a network that it need not", one)


@resource_rule(
    "eks-public-cidrs",
    CLUSTER,
    title="A public Kubernetes API answers to named networks only",
    why="Without a list EKS opens the public endpoint to every address there is.",
    fix="List the networks that need the API in vpcConfig.publicAccessCidrs, or close the public endpoint.",
    severity=Severity.CRITICAL,
    refs="CISEKS 5.4.1, CKV AWS_38",
    url="https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    dev="mandatory",
    prod="mandatory",
)
def public_cidrs(cluster: Resource, check: Check) -> None:
    if not cluster[_PUBLIC].truth(default=True):
        return
    ranges = cluster[_RANGES]
    if not ranges.items():
        check.violation("the public endpoint admits every address, as no network is named", ranges)
    elif any_world(ranges.items()):
        check.violation("the networks of the public endpoint hold the whole internet", ranges)
