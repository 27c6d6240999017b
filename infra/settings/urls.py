"""URLs of model endpoints: what is accepted, and how one on the host is seen from a pod."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

HOST_NAMES = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - names to recognise
"""What a person writes for "this machine"; inside a pod they would mean the pod."""


def endpoint(url: str) -> str:
    """Check a base URL and drop its trailing slash; ValueError says what is wrong, without the user part."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("a base URL reads `https://host/v1` or `http://host:8000/v1`")
    if parts.username or parts.password:
        raise ValueError("a base URL carries no user or key, as it is not kept secret: use apiKey")
    if parts.query or parts.fragment:
        raise ValueError("a base URL has no `?` or `#` part")
    return urlunsplit(parts._replace(path=parts.path.rstrip("/")))


def is_on_host(url: str) -> bool:
    """Whether the URL means the machine that it was written on."""
    return urlsplit(url).hostname in HOST_NAMES


def seen_from_pods(url: str, host_address: str) -> str:
    """`url` with this machine's name replaced by the address where pods reach it."""
    parts = urlsplit(url)
    if parts.hostname not in HOST_NAMES:
        return url
    netloc = host_address if parts.port is None else f"{host_address}:{parts.port}"
    return urlunsplit(parts._replace(netloc=netloc))
