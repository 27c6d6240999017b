"""Whose a key is: read from Postgres and kept for seconds, so that a revoked key soon works nowhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from app.db.pool import Database, Row, ServerStatement
from app.security.auth import Actor

REFRESH_SECONDS = 2.0
MAX_AGE_SECONDS = 4.0
"""Nothing older is believed, whatever happens to the refreshing task."""

IDLE_SECONDS = 120.0
LOOKUPS = 2
"""How many of the pool's connections keys that we don't know may occupy."""

GET_KEY = ServerStatement(
    "get_key_by_digest", "SELECT id, org_id, user_id, role, digest FROM user_keys WHERE digest = $1"
)

# All keys in use in one statement. The second part is written once a minute and key, and waits for nobody.
REFRESH = ServerStatement(
    "refresh_keys",
    """WITH used AS (UPDATE user_keys SET last_used_at = now() WHERE id IN (
        SELECT id FROM user_keys WHERE digest = ANY($2::bytea[])
            AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        FOR UPDATE SKIP LOCKED))
    SELECT id, org_id, user_id, role, digest FROM user_keys WHERE digest = ANY($1::bytea[])""",
)

GET_ORGANIZATION_OF_USER = ServerStatement(
    "get_organization_of_user", "SELECT org_id FROM users WHERE id = $1"
)


@dataclass
class _Entry:
    actor: Actor
    checked: float
    used: float


class Directory:
    """The keys that were used lately. Unknown ones are not remembered: they are never the same twice."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._entries: dict[bytes, _Entry] = {}
        self._lookups = asyncio.Semaphore(LOOKUPS)
        self._refreshed = monotonic()

    async def owner(self, digest: bytes) -> Actor | None:
        """On whose behalf the key with this digest acts; None when there is no such key (any more)."""
        entry = self._fresh(digest)
        if entry is None:
            async with self._lookups:
                entry = self._fresh(digest) or await self._look_up(digest)
        if entry is None:
            return None
        entry.used = monotonic()
        return entry.actor

    async def organization_of(self, user_id: UUID) -> UUID | None:
        """Where a user belongs; None when there is no such user."""
        return await self._db.value(GET_ORGANIZATION_OF_USER, user_id)

    async def refresh(self) -> None:
        """Ask again about every key in use, and forget those that are gone or idle."""
        started, since = monotonic(), self._refreshed
        self._entries = {
            digest: entry for digest, entry in self._entries.items() if started - entry.used < IDLE_SECONDS
        }
        if not self._entries:
            return
        asked = list(self._entries)
        used = [digest for digest, entry in self._entries.items() if entry.used >= since]
        found = {row["digest"]: _actor(row) for row in await self._db.rows(REFRESH, asked, used)}
        for digest in asked:
            entry = self._entries.get(digest)
            if entry is None or entry.checked > started:
                continue
            if digest in found:
                entry.actor, entry.checked = found[digest], started
            else:
                del self._entries[digest]
        self._refreshed = started

    def _fresh(self, digest: bytes) -> _Entry | None:
        entry = self._entries.get(digest)
        return entry if entry is not None and monotonic() - entry.checked < MAX_AGE_SECONDS else None

    async def _look_up(self, digest: bytes) -> _Entry | None:
        started = monotonic()
        row = await self._db.row(GET_KEY, digest)
        if row is None:
            self._entries.pop(digest, None)
            return None
        entry = self._entries[digest] = _Entry(_actor(row), started, started)
        return entry


def _actor(row: Row) -> Actor:
    return Actor(row["org_id"], row["user_id"], row["role"], row["id"])
