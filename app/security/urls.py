"""Addresses that users name and the server calls: never its own network, unless the operator allows that.

The check that counts is at connect time, on the address that the connection goes to: a name may resolve
differently from one moment to the next. Redirects are not followed.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.errors import Unprocessable

if TYPE_CHECKING:
    import aiohttp

MAX_URL = 2000
SCHEMES = frozenset({"http", "https"})
NAT64 = IPv6Network("64:ff9b::/96")


class ForbiddenAddressError(OSError):
    """A connection to an address that users may not send the server to."""


def check(url: str, *, private: bool) -> None:
    """Raise Unprocessable for what can be seen to be wrong without asking the network."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Unprocessable(f"{url[:200]!r} is not a URL.") from None
    if parts.scheme not in SCHEMES or not host or len(url) > MAX_URL:
        raise Unprocessable(f"{url[:200]!r} is not an http or https URL with a host.")
    if parts.username or parts.password:
        raise Unprocessable("A URL here must not have a user or password in it.")
    if any(character.isspace() or ord(character) < 32 for character in url):
        raise Unprocessable("A URL here must not have spaces or control characters in it.")
    if private:
        return
    literal = _literal(host)
    local = host.rstrip(".").lower()
    if (
        (literal and not public(literal))
        or local == "localhost"
        or local.endswith((".localhost", ".internal"))
    ):
        raise Unprocessable(
            f"{host!r} is an address of the server's own network, which it does not call for users; use a"
            " public one, or have ROOST_ALLOW_PRIVATE_URLS set."
        )


def public(address: str) -> bool:
    """Whether an IP address is on the public internet, also where it is wrapped in another one."""
    ip = ip_address(address.partition("%")[0])
    inner = _inner(ip) if isinstance(ip, IPv6Address) else None
    if inner is not None:
        return public(str(inner))
    return ip.is_global and not ip.is_multicast


def session(*, private: bool, seconds: float) -> aiohttp.ClientSession:
    """An HTTP session for addresses that users named. It ignores proxies of the environment and cookies."""
    import aiohttp

    def connect(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if not private and not public(address[0]):
            raise ForbiddenAddressError(f"{address[0]} is not a public address")
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(socket_factory=connect, use_dns_cache=False, force_close=True, limit=20)
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=seconds, connect=min(5, seconds)),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


def _literal(host: str) -> str | None:
    """The address that a host is, in any spelling that the system's resolver takes, such as 0x7f.1."""
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _inner(ip: IPv6Address) -> IPv4Address | None:
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    teredo = ip.teredo
    return ip.ipv4_mapped or ip.sixtofour or (teredo[1] if teredo else None)
