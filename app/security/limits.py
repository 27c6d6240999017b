"""How many requests a key may send: one token bucket per key in Postgres, of which replicas lease slices.

A replica answers from its slice without asking anybody; nobody hands out a token twice. Slices shrink as the
bucket empties, so that what one replica holds is not missed by another.
"""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

import asyncpg

from app.db.pool import Database, ServerStatement
from app.errors import AppError, TooManyRequests, Unauthorized
from app.telemetry import metrics

log = logging.getLogger("roost.limits")

SLICE = 20
SLICE_SECONDS = 10.0
"""A slice is void after this, as it was filled up again meanwhile."""

# A bucket that is not there is full. `a` is what it holds now, `g` what it gives: at most a quarter, at least
# one token. The row's lock makes replicas take turns.
LEASE = ServerStatement(
    "lease_tokens",
    """INSERT INTO rate_buckets AS b (key_id, tokens, granted, filled_at)
    SELECT $1, a - g, g, now() FROM (
        SELECT $2::float8 AS a, least($4::float8, greatest(1, floor($2::float8 / 4))) AS g) AS full_bucket
    ON CONFLICT (key_id) DO UPDATE SET (tokens, granted, filled_at) = (
        SELECT a - g, g, at FROM (
            SELECT a, at, CASE WHEN a < 1 THEN 0 ELSE least($4::float8, greatest(1, floor(a / 4))) END AS g
            FROM (SELECT greatest(now(), b.filled_at) AS at,
                least($2::float8, b.tokens + $3::float8
                    * greatest(0, extract(epoch FROM now() - b.filled_at))) AS a) AS filled) AS leased)
    RETURNING granted, tokens""",
)


@dataclass
class _Bucket:
    """This replica's slice of one key's tokens."""

    tokens: float = 0.0
    expires: float = 0.0
    empty_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def take(self, now: float) -> bool:
        """Use up one token, if there is one."""
        if now >= self.expires or self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class RateLimiter:
    """`per_minute` requests a minute and key, `burst` at once. No limit when `per_minute` is 0."""

    def __init__(self, db: Database, *, per_minute: int, burst: int) -> None:
        self._db = db
        self._per_second = per_minute / 60
        self._burst = burst
        self._buckets: dict[UUID, _Bucket] = {}

    async def take(self, key_id: UUID) -> None:
        """Count a request of this key. Raises TooManyRequests, with the seconds to wait."""
        if not self._per_second:
            return
        bucket = self._buckets.get(key_id)
        if bucket is None:
            bucket = self._buckets[key_id] = _Bucket()
        if bucket.take(monotonic()):
            return
        async with bucket.lock:
            if not bucket.take(monotonic()) and await self._wait(key_id, bucket) > 0:
                self._refuse(bucket)

    def forget(self) -> None:
        """Drop the slices that are void and unused."""
        now = monotonic()
        self._buckets = {
            key_id: bucket
            for key_id, bucket in self._buckets.items()
            if bucket.lock.locked() or now < max(bucket.expires, bucket.empty_until)
        }

    async def _wait(self, key_id: UUID, bucket: _Bucket) -> float:
        """Seconds until there is a token; 0 after one was taken from a new slice."""
        now = monotonic()
        if now < bucket.empty_until:
            return bucket.empty_until - now
        try:
            row = await self._db.row(LEASE, key_id, self._burst, self._per_second, SLICE)
        except asyncpg.ForeignKeyViolationError:
            raise Unauthorized("Unauthorized") from None  # revoked a moment ago
        except (AppError, asyncpg.PostgresError, TimeoutError, OSError) as error:
            # Letting a few through is better than turning everybody away while the database is slow.
            log.warning("cannot lease tokens, letting the request pass: %s", error)
            metrics.RATE_LIMIT_ERRORS.inc()
            return 0
        assert row is not None
        bucket.tokens, bucket.expires = row["granted"], now + SLICE_SECONDS
        if bucket.take(now):
            return 0
        wait = (1 - row["tokens"]) / self._per_second
        bucket.empty_until = now + wait
        return wait

    def _refuse(self, bucket: _Bucket) -> None:
        metrics.RATE_LIMITED.inc()
        per_minute = round(self._per_second * 60)
        seconds = max(1, math.ceil(bucket.empty_until - monotonic()))
        raise TooManyRequests(
            f"This key may send {per_minute} requests a minute and {self._burst} at once;"
            f" try again in {seconds} s.",
            retry_after=seconds,
        )
