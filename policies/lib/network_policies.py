"""What a NetworkPolicy lets through, read as Kubernetes does."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Literal

from policies.lib.net import EVERY_PORT, Network, Ports, network
from policies.lib.resources import Resource
from policies.lib.values import Undetermined, Value

NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
_PEERS = {"ingress": "from", "egress": "to"}
_LAST_PORT = 65535


def holds_back(policy: Resource, direction: Direction) -> bool:
    """Whether the pods that it selects are closed in that direction but for what policies allow.

    Raises:
        Undetermined: what it is about is unknown.
    """
    types = policy["spec.policyTypes"]
    if types.items():
        return direction.title() in types.texts()
    return direction == "ingress" or bool(policy["spec.egress"].items())


def rules(policy: Resource, direction: Direction) -> list[Value]:
    """What it allows in that direction; nothing where it is not about it.

    Raises:
        Undetermined: that is unknown.
    """
    return policy["spec"][direction].items() if holds_back(policy, direction) else []


def peers(rule: Value, direction: Direction) -> list[Value]:
    """With whom a rule allows traffic; no peers are everybody.

    Raises:
        Undetermined: that is unknown.
    """
    return rule[_PEERS[direction]].items()


def ranges(block: Value) -> list[Network]:
    """The addresses of an `ipBlock`, less its exceptions.

    Raises:
        Undetermined: one of them is unknown, or no CIDR.
    """
    whole = network(block["cidr"])
    taken = sorted(
        (int(one.network_address), int(one.broadcast_address))
        for one in map(network, block["except"].items())
        if one.version == whole.version
    )
    address = ipaddress.IPv4Address if whole.version == 4 else ipaddress.IPv6Address
    left: list[Network] = []
    start, end = int(whole.network_address), int(whole.broadcast_address)
    for first, last in [*taken, (end + 1, end + 1)]:
        if first > start:
            gap = address(start), address(min(first - 1, end))
            left += ipaddress.summarize_address_range(*gap)
        start = max(start, last + 1)
        if start > end:
            break
    return left


def ports(rule: Value) -> Iterator[Ports]:
    """The numbered ports of a rule; a named one is a port of a pod, so it opens nothing to an address.

    Raises:
        Undetermined: one is unknown.
    """
    entries = rule["ports"].items()
    if not entries:
        yield EVERY_PORT
    for entry in entries:
        port = entry["port"]
        if not port.present:
            yield EVERY_PORT
            continue
        text = port.text()
        if not text.isdecimal():
            continue
        yield Ports(_number(port), _number(entry["endPort"]) if entry["endPort"].present else _number(port))


def _number(value: Value) -> int:
    number = value.number(default=-1)
    if not 0 <= number <= _LAST_PORT:
        raise Undetermined(value.path, "is not a port")
    return int(number)


def selects_all(policy: Resource) -> bool:
    """Whether it is about every pod of its namespace.

    Raises:
        Undetermined: its selector is unknown.
    """
    return is_empty(policy["spec.podSelector"])


def is_empty(selector: Value) -> bool:
    """Whether a selector selects everything.

    Raises:
        Undetermined: it is unknown.
    """
    return not selector["matchLabels"].entries() and not selector["matchExpressions"].items()
