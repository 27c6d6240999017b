"""The connection budget: do all pools fit `max_connections`, at the worst moment?

    (running + surge + draining) x (pool + besides) + reserved for others <= max_connections - 3

The worst moment is a rollout under full load: the new pods stand at the maximum plus the surge, while the old
ones, which Kubernetes no longer counts, still drain their streams. Postgres itself keeps 3 connections for
superusers (`superuser_reserved_connections`). Behind a pooler its pods hold the connections, by the same sum.
"""

from __future__ import annotations

from dataclasses import dataclass

SURGE_PODS = 1
"""`maxSurge` of the server's Deployment."""

SUPERUSER_RESERVED = 3

SERVER_BESIDES = 2
"""Connections of a server's pod besides its pool: leases of turns and upkeep of tables never queue."""


@dataclass(frozen=True, kw_only=True)
class PoolHolders:
    """Pods of one Deployment that each keep a pool: the server's, or those of a pooler."""

    max_replicas: int
    pool_size: int
    besides: int = 0

    @property
    def pods(self) -> int:
        """Most pods that hold a pool at once: running, surging and draining."""
        return 2 * self.max_replicas + SURGE_PODS

    @property
    def connections(self) -> int:
        """Connections of all of them at the worst moment."""
        return self.pods * (self.pool_size + self.besides)


@dataclass(frozen=True, kw_only=True)
class ConnectionBudget:
    """Who may hold how many connections of Postgres at once."""

    holders: PoolHolders
    reserved: int
    max_connections: int

    @property
    def needed(self) -> int:
        """Connections at the worst moment."""
        return self.holders.connections + self.reserved

    @property
    def available(self) -> int:
        """Connections for ordinary logins."""
        return self.max_connections - SUPERUSER_RESERVED

    @property
    def fits(self) -> bool:
        """Whether nobody is ever refused."""
        return self.needed <= self.available

    @property
    def largest_pool(self) -> int:
        """The largest pool that would fit; zero or less when none does."""
        return (self.available - self.reserved) // self.holders.pods - self.holders.besides

    @property
    def sufficient_max_connections(self) -> int:
        """The smallest `max_connections` that would do."""
        return self.needed + SUPERUSER_RESERVED
