"""Networks by arithmetic: address ranges and ports. `traffic` reads them from security groups and ACLs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from policies.lib.logic import all_hold
from policies.lib.values import Undetermined, Value

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


_WIDEST = {4: 7, 6: 10}
"""Prefix lengths up to which a range holds 1/128 or more of all public addresses: IPv6's lie in 2000::/3."""
_NOT_PUBLIC = (ipaddress.ip_network("fc00::/7"), ipaddress.ip_network("fe80::/10"))
_LAST_PORT = 65535
ALL_PROTOCOLS = "-1"
_NUMBERED = {"all": ALL_PROTOCOLS, "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_WITH_PORTS = frozenset({"tcp", "udp"})


def network(value: Value) -> Network:
    """The range that a text names; an address alone is a range of one.

    Raises:
        Undetermined: it is unknown, or neither.
    """
    text = value.text().strip()
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Undetermined(value.path, "is not a CIDR") from None


def _networks(values: Iterable[Value]) -> tuple[list[Network], Undetermined | None]:
    """The ranges among texts that can be read, and why not all can."""
    known: list[Network] = []
    open_: Undetermined | None = None
    for value in values:
        try:
            known.append(network(value))
        except Undetermined as reason:
            open_ = open_ or reason
    return known, open_


def is_world(ranges: Iterable[Network]) -> bool:
    """Whether these ranges, alone or side by side, are so wide that anybody may be in them."""
    given = list(ranges)
    joined: list[Network] = [
        *ipaddress.collapse_addresses([one for one in given if isinstance(one, ipaddress.IPv4Network)]),
        *ipaddress.collapse_addresses([one for one in given if isinstance(one, ipaddress.IPv6Network)]),
    ]
    return any(one.prefixlen <= _WIDEST[one.version] and not is_within(one, _NOT_PUBLIC) for one in joined)


def any_world(values: Iterable[Value]) -> bool:
    """The same of texts: what the known ones say is enough if they are the world already.

    Raises:
        Undetermined: they are not, and one is unknown or no CIDR.
    """
    known, open_ = _networks(values)
    if is_world(known):
        return True
    if open_:
        raise open_
    return False


def is_within(inner: Network, outer: Iterable[Network]) -> bool:
    """Whether one of the ranges holds all of `inner`."""
    return any(
        inner.network_address in one and inner.broadcast_address in one
        for one in outer
        if one.version == inner.version
    )


@dataclass(frozen=True)
class Ports:
    """From the first to the last, both included."""

    first: int
    last: int

    @property
    def all(self) -> bool:
        """Whether no port is left out; nobody listens on port 0."""
        return self.first <= 1 and self.last >= _LAST_PORT


EVERY_PORT = Ports(0, _LAST_PORT)


def ports(protocol: Value, first: Value, last: Value) -> Ports | None:
    """The TCP or UDP ports that a rule is about; None if its protocol has none.

    All protocols means all ports, whatever the numbers say; -1 and nothing mean the end of the range.

    Raises:
        Undetermined: the protocol or a port is unknown, or none.
    """
    name = protocol_name(protocol)
    if name == ALL_PROTOCOLS:
        return EVERY_PORT
    return Ports(_port(first, 0), _port(last, _LAST_PORT)) if name in _WITH_PORTS else None


def reaches(port: int, protocol: Value, first: Value, last: Value) -> bool:
    """Whether `ports` holds that one; one end of the range may be enough to say no.

    Raises:
        Undetermined: an unknown could make the difference.
    """
    name = protocol_name(protocol)
    if name == ALL_PROTOCOLS:
        return True
    return name in _WITH_PORTS and all_hold(
        lambda: _port(first, 0) <= port, lambda: port <= _port(last, _LAST_PORT)
    )


def protocol_name(value: Value) -> str:
    """`tcp`, `icmp`, a number that has no name here, or -1 for all protocols.

    Raises:
        Undetermined: it is unknown.
    """
    name = value.text(default=ALL_PROTOCOLS).strip().lower()
    return _NUMBERED.get(name, name)


def _port(value: Value, end: int) -> int:
    number = value.number(default=-1)
    if not -1 <= number <= _LAST_PORT:
        raise Undetermined(value.path, "is not a port")
    return end if number < 0 else int(number)
