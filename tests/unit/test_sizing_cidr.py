"""The subnet plan, for every range and every set of zones that is allowed."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sizing.cidr import (
    RESERVED_BY_AWS,
    ZONE_LETTERS,
    SubnetPlan,
    ipv6_subnet,
    plan_subnets,
    vpc_network,
)

LARGEST_NODE_PODS = 29
"""Pods on the smallest instance type of the profiles, by AWS's own table."""


@st.composite
def vpcs(draw: st.DrawFn) -> str:
    prefix = draw(st.integers(16, 20))
    base = draw(
        st.sampled_from(
            [IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("100.64.0.0/10")]
        )
    )
    slots = 2 ** (prefix - base.prefixlen)
    offset = draw(st.integers(0, slots - 1)) * 2 ** (32 - prefix)
    return str(IPv4Network((int(base.network_address) + offset, prefix)))


zone_lists = st.lists(st.sampled_from(ZONE_LETTERS), min_size=2, max_size=4, unique=True)


def networks(plan: SubnetPlan) -> list[IPv4Network]:
    return [
        IPv4Network(cidr) for tier in (plan.public, plan.private, plan.database) for cidr in tier.values()
    ]


@given(vpcs(), zone_lists)
def test_subnets_lie_in_the_vpc_and_never_overlap(cidr: str, zones: list[str]) -> None:
    subnets = networks(plan_subnets(cidr, zones))
    assert len(subnets) == 3 * len(zones)
    assert all(subnet.subnet_of(IPv4Network(cidr)) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))


@given(vpcs(), zone_lists)
def test_every_zone_has_room_for_pods_a_load_balancer_and_a_database(cidr: str, zones: list[str]) -> None:
    plan = plan_subnets(cidr, zones)
    for zone in zones:
        assert IPv4Network(plan.private[zone]).num_addresses - RESERVED_BY_AWS >= 10 * LARGEST_NODE_PODS
        # An ALB needs a /27 with eight free addresses in each of its subnets.
        assert IPv4Network(plan.public[zone]).prefixlen <= 26
        assert IPv4Network(plan.database[zone]).prefixlen <= 28
    assert plan.pod_addresses == sum(
        IPv4Network(private).num_addresses - RESERVED_BY_AWS for private in plan.private.values()
    )


@given(vpcs(), zone_lists, st.randoms())
def test_adding_removing_or_reordering_zones_moves_nothing(
    cidr: str, zones: list[str], random: object
) -> None:
    before = plan_subnets(cidr, zones)
    every = plan_subnets(cidr, tuple(ZONE_LETTERS))
    for zone in zones:
        assert before.private[zone] == every.private[zone]
        assert before.public[zone] == every.public[zone]
        assert before.database[zone] == every.database[zone]
    assert plan_subnets(cidr, zones[::-1]).private == before.private


@given(vpcs(), zone_lists)
def test_the_order_of_zones_is_kept(cidr: str, zones: list[str]) -> None:
    assert list(plan_subnets(cidr, zones).public) == zones


@pytest.mark.parametrize(
    ("cidr", "says"),
    [
        ("10.0.0.0/15", "between /16 and /20"),
        ("10.0.0.0/21", "between /16 and /20"),
        ("10.0.1.0/16", "host bits"),
        ("9.0.0.0/16", "is not private"),
        ("172.32.0.0/16", "is not private"),
        ("fd00::/16", "is not an IPv4 range"),
        ("ten", "is not an IPv4 range"),
    ],
)
def test_a_range_that_cannot_be_planned_is_refused_in_a_sentence(cidr: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        vpc_network(cidr)


@pytest.mark.parametrize("zones", [["a", "a"], ["g"], ["ab"], ["A"], [""]])
def test_zones_are_distinct_letters(zones: list[str]) -> None:
    with pytest.raises(ValueError, match="distinct letters from a to f"):
        plan_subnets("10.0.0.0/16", zones)


blocks = st.integers(0, 2**24 - 1).map(
    lambda slot: str(IPv6Network((int(IPv6Network("2a05:d000::/32").network_address) + slot * 2**72, 56)))
)
tiers = st.sampled_from(["public", "private"])


@given(blocks)
def test_ipv6_subnets_are_64s_of_the_vpcs_56_and_never_overlap(block: str) -> None:
    subnets = [
        IPv6Network(ipv6_subnet(block, tier, zone)) for tier in ("public", "private") for zone in ZONE_LETTERS
    ]
    assert all(subnet.prefixlen == 64 and subnet.subnet_of(IPv6Network(block)) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))


@given(blocks, blocks, tiers, st.sampled_from(ZONE_LETTERS))
def test_an_ipv6_subnet_follows_from_tier_and_letter_alone(
    block: str, other: str, tier: str, zone: str
) -> None:
    def place(of: str) -> int:
        subnet = ipv6_subnet(of, tier, zone)  # pyright: ignore[reportArgumentType]
        return int(IPv6Network(subnet).network_address) - int(IPv6Network(of).network_address)

    assert place(block) == place(other), "adding a zone or another VPC moves nothing"


def test_ipv6_subnets_are_where_the_page_says() -> None:
    assert ipv6_subnet("2a05:d014:1:ff00::/56", "public", "a") == "2a05:d014:1:ff00::/64"
    assert ipv6_subnet("2a05:d014:1:ff00::/56", "private", "c") == "2a05:d014:1:ff12::/64"


@pytest.mark.parametrize("block", ["2a05:d014::/48", "2a05:d014::/64"])
def test_an_ipv6_range_of_another_size_is_refused(block: str) -> None:
    with pytest.raises(ValueError, match="AWS gives a VPC a /56"):
        ipv6_subnet(block, "public", "a")
