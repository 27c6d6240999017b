"""What a key's role allows, told from method and path before anything is routed or read."""

from __future__ import annotations

import re

from app.errors import Forbidden
from app.security.auth import Actor

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

READS = re.compile(
    r"/v1/(?:agents/messages|messages|passages|tools)/search|/v1/(?:runs|conversations)/[^/]+/stream"
)
"""POSTs that change nothing: searches, and streams that are read again."""

ADMIN = re.compile(r"/v1/admin(?:/.*)?")


def reads(method: str, path: str) -> bool:
    """Whether a request leaves everything as it is."""
    return method in SAFE or (method == "POST" and READS.fullmatch(path) is not None)


def check(actor: Actor, method: str, path: str) -> None:
    """Raise Forbidden unless the actor's role allows this request."""
    if actor.role == "admin":
        return
    if ADMIN.fullmatch(path):
        raise Forbidden("Administration needs the server's password or a key with the role admin.")
    if actor.role == "read_only" and not reads(method, path):
        raise Forbidden(
            f"This key is read-only, and {method} {path} changes something; use a key with the role member."
        )
