"""Who is calling. One password for the whole server; a user's key will resolve to an Actor here too."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

DEFAULT_ORGANIZATION = UUID("00000000-0000-4000-8000-000000000000")
DEFAULT_USER = UUID("00000000-0000-4000-8000-000000000000")

Role = Literal["admin", "member", "read_only"]

OPEN_PATHS = frozenset({"/v1/health", "/v1/ready", "/health", "/metrics"})
"""Answered without credentials (after the trailing slash is dropped)."""


@dataclass(frozen=True)
class Actor:
    """On whose behalf a request runs; every query is scoped by the organisation."""

    org_id: UUID
    user_id: UUID
    role: Role
    key_id: UUID | None
    """The user's key that was presented; None for the server password."""


class Authenticator:
    """Checks credentials in constant time; keeps only a digest of the password."""

    def __init__(self, password: str) -> None:
        self._digest = hashlib.sha256(password.encode()).digest()
        self._actor = Actor(DEFAULT_ORGANIZATION, DEFAULT_USER, "admin", None)

    def actor(self, authorization: bytes | None, bare_password: bytes | None) -> Actor | None:
        """The caller named by `Authorization: Bearer …` or `X-BARE-PASSWORD: password …`, or None."""
        scheme, _, credential = (authorization or b"").partition(b" ")
        if scheme.lower() != b"bearer":
            scheme, _, credential = (bare_password or b"").partition(b" ")
            if scheme.lower() != b"password":
                return None
        presented = hashlib.sha256(credential.strip()).digest()
        return self._actor if hmac.compare_digest(presented, self._digest) else None
