"""Settings of the cache, on every platform."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.settings.base import Section


class CacheSettings(Section):
    """Valkey, or Redis, beside the server: for an image that keeps something in one.

    This project's own server does not: what replicas share is in Postgres.
    """

    enabled: bool = Field(
        default=False,
        description="Whether the stack has one. The server's pods are told of it with `server.usesCache`.",
    )
    eviction_policy: Literal["noeviction", "volatile-lru", "volatile-ttl", "allkeys-lru", "allkeys-lfu"] = (
        Field(
            default="volatile-lru",
            description=(
                "What goes when memory is full: `volatile-…` only what has an end anyway, so that a lock or "
                "a stream without one stays; `allkeys-…` anything; `noeviction` refuses to write."
            ),
        )
    )
