"""Whether a VPC that was there before can carry the stack: pure, from facts that AWS was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Literal

from infra.sizing.cidr import SubnetPlan

Tier = Literal["public", "private", "database"]
TIERS: tuple[Tier, ...] = ("public", "private", "database")
Place = tuple[Tier, str]
"""A tier, and the letter of a zone."""

LOAD_BALANCER_NEEDS = 8
"""Free addresses that a load balancer wants in each of its subnets, by the ALB user guide."""
CLUSTER_TAG = "kubernetes.io/cluster/"
ROLE_TAGS: dict[Tier, str] = {
    "public": "kubernetes.io/role/internal-elb",
    "private": "kubernetes.io/role/elb",
}
"""The tag that says a subnet is of the other tier."""


@dataclass(frozen=True, kw_only=True)
class RouteFacts:
    """One route, and the id of what it leads to (`nat-…`, `igw-…`, `tgw-…`; empty for the VPC itself)."""

    destination: str
    target: str


@dataclass(frozen=True, kw_only=True)
class SubnetFacts:
    """What AWS says about one subnet; `routes` are of its own table or else of the VPC's main one."""

    id: str
    vpc_id: str
    zone: str
    cidr: str
    free_addresses: int
    has_ipv6: bool
    routes: Sequence[RouteFacts]
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class VpcFacts:
    """What AWS says about the VPC."""

    id: str
    cidrs: Sequence[str]
    dns_support: bool
    dns_hostnames: bool
    nat_gateways: frozenset[str]
    """Ids of those that are available."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the settings say and the stack needs."""

    region: str
    cluster_name: str
    service_cidr: str
    addresses: int
    """For all nodes and pods."""
    dual_stack: bool
    """Whether the load balancer also has IPv6 addresses."""
    plan: SubnetPlan
    """Ranges of the subnets as the settings have them."""


def tier_of(plan: SubnetPlan, tier: Tier) -> dict[str, str]:
    """Ranges of one tier by zone letter."""
    return {"public": plan.public, "private": plan.private, "database": plan.database}[tier]


def misfits(
    wanted: Wanted, vpc: VpcFacts, subnets: Mapping[Place, SubnetFacts], *, first_time: bool
) -> list[str]:
    """A sentence for everything that would not work, each with what to do about it.

    `first_time`: the stack's cluster is not there yet. Afterwards its own nodes hold the addresses that are
    no longer free.
    """
    found = list(_of_vpc(wanted, vpc))
    for (tier, zone), subnet in subnets.items():
        where = f"{subnet.id} (network.existing.{tier}, zone {zone})"
        found += [
            f"{where} {problem}"
            for problem in (
                *_of_place(wanted, vpc, subnet, zone),
                *_of_range(subnet, tier_of(wanted.plan, tier)[zone]),
                *_of_routes(tier, vpc, subnet),
                *_of_tags(tier, wanted, subnet),
                *(_of_load_balancer(wanted, subnet, first_time) if tier == "public" else ()),
            )
        ]
    free = sum(subnet.free_addresses for (tier, _), subnet in subnets.items() if tier == "private")
    if first_time and free < wanted.addresses:
        found.append(
            f"the private subnets have {free} free addresses, and nodes and pods can ask for "
            f"{wanted.addresses}: name larger subnets, or lower maxNodes of the node groups."
        )
    return found


def _of_vpc(wanted: Wanted, vpc: VpcFacts) -> Iterator[str]:
    off = [
        name
        for name, on in (("enableDnsSupport", vpc.dns_support), ("enableDnsHostnames", vpc.dns_hostnames))
        if not on
    ]
    if off:
        yield (
            f"{vpc.id} has {' and '.join(off)} off, without which nodes cannot find the cluster: have the "
            "VPC's owner switch DNS support and DNS host names on."
        )
    services = IPv4Network(wanted.service_cidr)
    for cidr in vpc.cidrs:
        if IPv4Network(cidr).overlaps(services):
            yield (
                f"{vpc.id} has the range {cidr}, which overlaps cluster.serviceCidr ({wanted.service_cidr}), "
                "so some addresses would mean two things: choose another serviceCidr."
            )


def _of_place(wanted: Wanted, vpc: VpcFacts, subnet: SubnetFacts, zone: str) -> Iterator[str]:
    if subnet.vpc_id != vpc.id:
        yield f"lies in {subnet.vpc_id} and not in {vpc.id}: name a subnet of that VPC."
    if subnet.zone != f"{wanted.region}{zone}":
        yield (
            f"lies in {subnet.zone} and not in {wanted.region}{zone}: name a subnet of that zone, or put "
            "this one under its own letter."
        )


def _of_range(subnet: SubnetFacts, cidr: str) -> Iterator[str]:
    if IPv4Network(subnet.cidr) != IPv4Network(cidr):
        yield f"has the range {subnet.cidr}, and the settings say {cidr}: correct network.existing.…cidrs."


def _of_routes(tier: Tier, vpc: VpcFacts, subnet: SubnetFacts) -> Iterator[str]:
    ways_out = {route.target for route in subnet.routes if route.destination in ("0.0.0.0/0", "::/0")}
    default = next((route.target for route in subnet.routes if route.destination == "0.0.0.0/0"), None)
    inward = any(target.startswith("igw-") for target in ways_out)
    if tier == "public":
        if default is None or not default.startswith("igw-"):
            yield (
                f"has no default route to an internet gateway ({_named(default)}), so nobody could reach the "
                "load balancer: route 0.0.0.0/0 to one, or name a public subnet."
            )
        return
    if inward:
        yield (
            "has a route to an internet gateway: whatever gets a public address there can be reached from "
            f"anywhere. Name a subnet without one for {tier}."
        )
    elif tier == "private" and default is None:
        yield (
            "has no default route, so nodes could not reach AWS: route 0.0.0.0/0 to a NAT gateway or a "
            "transit gateway."
        )
    elif tier == "private" and _is_broken(default, vpc):
        yield f"routes to {default}, which is not available: replace that NAT gateway, and then the route."


def _is_broken(target: str | None, vpc: VpcFacts) -> bool:
    return target is not None and target.startswith("nat-") and target not in vpc.nat_gateways


def _named(target: str | None) -> str:
    return "it has none" if target is None else f"it leads to {target or 'the VPC itself'}"


def _of_tags(tier: Tier, wanted: Wanted, subnet: SubnetFacts) -> Iterator[str]:
    for key, value in subnet.tags.items():
        owner = key.removeprefix(CLUSTER_TAG)
        if key.startswith(CLUSTER_TAG) and value == "owned" and owner != wanted.cluster_name:
            yield (
                f"is tagged as owned by the cluster {owner}, whose tools may delete it: change the tag's "
                "value to shared, or name another subnet."
            )
    other = ROLE_TAGS.get(tier)
    if other is not None and other in subnet.tags:
        yield f"carries the tag {other}, which marks the other kind: name a {tier} subnet, or remove the tag."


def _of_load_balancer(wanted: Wanted, subnet: SubnetFacts, first_time: bool) -> Iterator[str]:
    if first_time and subnet.free_addresses < LOAD_BALANCER_NEEDS:
        yield (
            f"has {subnet.free_addresses} free addresses, and a load balancer wants {LOAD_BALANCER_NEEDS}: "
            "name a larger subnet."
        )
    if wanted.dual_stack and not subnet.has_ipv6:
        yield (
            "has no IPv6 range, which edge.dualStack needs: have its owner add one, or set edge.dualStack to "
            "false."
        )
