"""The address plan of a VPC: every subnet follows from the VPC's range and the zone's letter alone.

The range is cut into eighths. Zone `a` takes the first for its private subnet, `b` the second, up to `f` the
sixth: nodes and pods live there, and the AWS CNI gives every pod an address of its own. The last quarter is
cut into sixteen small pieces, each 1/64 of the range: the first six are public subnets (load balancer,
NAT), six from the ninth on are database subnets. The rest stays free.

    /16: private /19 (8,187 usable), public and database /22 (1,019)
    /20: private /23   (507 usable), public and database /26    (59)

As the letter decides, adding, removing or reordering zones moves no existing subnet.

IPv6, where it is on: Amazon gives the VPC a /56, which is 256 subnets of a /64, the only size there is. The
first sixteen are for public subnets, the next for private ones; databases have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

ZONE_LETTERS = "abcdef"
RESERVED_BY_AWS = 5
"""Addresses that AWS keeps in each subnet."""

_PRIVATE_BITS = 3
_SMALL_BITS = 6
_FIRST_PUBLIC = 48
_FIRST_DATABASE = 56
_IPV6_VPC_PREFIX = 56
_IPV6_SUBNET_PREFIX = 64
_IPV6_FIRST = {"public": 0, "private": 16}
_PRIVATE_RANGES = tuple(
    IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


@dataclass(frozen=True, kw_only=True)
class SubnetPlan:
    """CIDR blocks of each tier by zone letter, in the order in which the zones were given."""

    public: dict[str, str]
    private: dict[str, str]
    database: dict[str, str]

    @property
    def ranges(self) -> list[str]:
        """Every subnet's range."""
        return [cidr for tier in (self.public, self.private, self.database) for cidr in tier.values()]

    @property
    def pod_addresses(self) -> int:
        """Addresses for nodes and pods: those of all private subnets, less what AWS keeps."""
        return sum(IPv4Network(cidr).num_addresses - RESERVED_BY_AWS for cidr in self.private.values())


def vpc_network(cidr: str) -> IPv4Network:
    """Parse a VPC range; ValueError says in a sentence what is wrong with it."""
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"{cidr!r} is not an IPv4 range such as 10.32.0.0/16: {error}") from None
    if not 16 <= network.prefixlen <= 20:
        raise ValueError(f"{cidr} is a /{network.prefixlen}; a VPC range is between /16 and /20")
    if not any(network.subnet_of(private) for private in _PRIVATE_RANGES):
        raise ValueError(
            f"{cidr} is not private: take it from 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10"
        )
    return network


def check_zones(zones: Sequence[str]) -> None:
    """ValueError unless `zones` are distinct letters of availability zones."""
    if any(zone not in tuple(ZONE_LETTERS) for zone in zones) or len(set(zones)) != len(zones):
        raise ValueError(f"zones are distinct letters from a to f, not {', '.join(map(repr, zones))}")


def plan_subnets(cidr: str, zones: Sequence[str]) -> SubnetPlan:
    """The plan; ValueError where the range or a letter cannot be used."""
    network = vpc_network(cidr)
    check_zones(zones)
    eighths = list(network.subnets(prefixlen_diff=_PRIVATE_BITS))
    small = list(network.subnets(prefixlen_diff=_SMALL_BITS))
    slots = {zone: ZONE_LETTERS.index(zone) for zone in zones}
    return SubnetPlan(
        public={zone: str(small[_FIRST_PUBLIC + slot]) for zone, slot in slots.items()},
        private={zone: str(eighths[slot]) for zone, slot in slots.items()},
        database={zone: str(small[_FIRST_DATABASE + slot]) for zone, slot in slots.items()},
    )


def ipv6_subnet(block: str, tier: Literal["public", "private"], zone: str) -> str:
    """The /64 of a dual-stack subnet within the VPC's /56; ValueError for a block of another size."""
    network = IPv6Network(block)
    if network.prefixlen != _IPV6_VPC_PREFIX:
        raise ValueError(f"{block} is a /{network.prefixlen}; AWS gives a VPC a /{_IPV6_VPC_PREFIX}")
    slot = _IPV6_FIRST[tier] + ZONE_LETTERS.index(zone)
    step = 2 ** (network.max_prefixlen - _IPV6_SUBNET_PREFIX)
    return str(IPv6Network((int(network.network_address) + slot * step, _IPV6_SUBNET_PREFIX)))
