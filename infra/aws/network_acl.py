"""Rules of the database subnets' network ACL: stateless, so answers need a rule of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

POSTGRES_PORT = 5432
CACHE_PORT = 6379
EPHEMERAL_PORTS = (1024, 65535)


@dataclass(frozen=True, kw_only=True)
class AclRule:
    """Allow TCP between the subnets and `cidr` on ports `first` to `last`."""

    number: int
    cidr: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class AclRules:
    """What may enter and leave; everything else is refused."""

    ingress: tuple[AclRule, ...]
    egress: tuple[AclRule, ...]


def database_acl(clients: tuple[str, ...], databases: tuple[str, ...], *, ports: tuple[int, ...]) -> AclRules:
    """Clients connect to `ports` and get answers; databases talk among themselves (replicas)."""
    ingress = [(cidr, port, port) for port in ports for cidr in clients] + [
        (c, *EPHEMERAL_PORTS) for c in databases
    ]
    egress = [(cidr, *EPHEMERAL_PORTS) for cidr in (*clients, *databases)]
    return AclRules(ingress=_numbered(ingress), egress=_numbered(egress))


def _numbered(rules: Sequence[tuple[str, int, int]]) -> tuple[AclRule, ...]:
    return tuple(
        AclRule(number=100 + 10 * index, cidr=cidr, first=first, last=last)
        for index, (cidr, first, last) in enumerate(rules)
    )
