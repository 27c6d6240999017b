"""The IPv4 plan of a VPC: every subnet follows from the VPC's range and the zone's letter alone.

The range is cut into eighths. Zone `a` takes the first for its private subnet, `b` the second, up to `f` the
sixth: nodes and pods live there, and the AWS CNI gives every pod an address of its own. The last quarter is
cut into sixteen small pieces, each 1/64 of the range: the first six are public subnets (load balancer,
NAT), six from the ninth on are database subnets. The rest stays free.

    /16: private /19 (8,187 usable), public and database /22 (1,019)
    /20: private /23   (507 usable), public and database /26    (59)

As the letter decides, adding, removing or reordering zones moves no existing subnet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

ZONE_LETTERS = "abcdef"
RESERVED_BY_AWS = 5
"""Addresses that AWS keeps in each subnet."""

_PRIVATE_BITS = 3
_SMALL_BITS = 6
_FIRST_PUBLIC = 48
_FIRST_DATABASE = 56
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


def plan_subnets(cidr: str, zones: Sequence[str]) -> SubnetPlan:
    """The plan; ValueError where the range or a letter cannot be used."""
    network = vpc_network(cidr)
    if any(zone not in tuple(ZONE_LETTERS) for zone in zones) or len(set(zones)) != len(zones):
        raise ValueError(f"zones are distinct letters from a to f, not {', '.join(map(repr, zones))}")
    eighths = list(network.subnets(prefixlen_diff=_PRIVATE_BITS))
    small = list(network.subnets(prefixlen_diff=_SMALL_BITS))
    slots = {zone: ZONE_LETTERS.index(zone) for zone in zones}
    return SubnetPlan(
        public={zone: str(small[_FIRST_PUBLIC + slot]) for zone, slot in slots.items()},
        private={zone: str(eighths[slot]) for zone, slot in slots.items()},
        database={zone: str(small[_FIRST_DATABASE + slot]) for zone, slot in slots.items()},
    )
