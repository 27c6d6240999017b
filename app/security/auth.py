"""Who is calling: the operator with the server's password, or a user with a key."""

from __future__ import annotations

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
