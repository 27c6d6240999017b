"""Where a URL leads, as a NetworkPolicy needs to know it: pure, and without resolving any name."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from infra.ports import Reach

ANY_ADDRESS = ("0.0.0.0/0", "::/0")


def reach_of(name: str, url: str) -> Reach:
    """The far end of `url` outside the cluster: its one address, or any address where it is a name.

    A NetworkPolicy knows no names, and the addresses behind one change; the port still narrows it.
    """
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return Reach(name=name, ports=(port,), cidrs=_addresses(parts.hostname or ""))


def _addresses(host: str) -> tuple[str, ...]:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ANY_ADDRESS
    return (f"{address}/{address.max_prefixlen}",)
