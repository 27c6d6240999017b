"""The audit log: who did what to which object, when, with which key. Written in batches, off the request."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.db.pool import Database, ServerStatement, to_json
from app.http import ids
from app.security import roles
from app.security.auth import Actor
from app.telemetry import metrics

BATCH = 500
KEPT = 10_000
"""Records that wait for the database; beyond that the oldest are lost, and counted."""

CREATED = re.compile(rb'"id": ?"([a-z_-]+-[0-9a-f-]{36})"')
IDENTIFIER = re.compile(rf"\b[a-z][a-z_-]*-{ids.UUID4}")

INSERT = ServerStatement(
    "insert_audit_records",
    """INSERT INTO audit_log (id, org_id, user_id, key_id, action, object_ids, status, request_id, created_at)
    SELECT id, org_id, user_id, key_id, action, object_ids, status, request_id, created_at
    FROM jsonb_to_recordset($1::jsonb) AS new (id uuid, org_id uuid, user_id uuid, key_id uuid, action text,
        object_ids text[], status int, request_id text, created_at timestamptz)
    ON CONFLICT (id) DO NOTHING""",
)

PRUNE = ServerStatement(
    "prune_audit_log",
    """WITH gone AS (DELETE FROM audit_log WHERE id IN (
        SELECT id FROM audit_log WHERE created_at < now() - make_interval(days => $1)
        ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1)
    SELECT count(*) FROM gone""",
)
PRUNE_BATCH = 5000


@dataclass(frozen=True)
class Act:
    """A request as the log tells it."""

    method: str
    path: str
    query: str
    status: int
    request_id: str


class AuditLog:
    """Collects records in memory; `flush` writes them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: deque[dict[str, Any]] = deque()

    def record(self, actor: Actor, act: Act, answer: bytes) -> None:
        """Remember a request that was to change something, or was refused.

        `answer` is how the response begins, for the id of what was created.
        """
        if act.status != 403 and roles.reads(act.method, act.path):
            return
        objects = dict.fromkeys(IDENTIFIER.findall(f"{act.path}?{act.query}"))
        created = CREATED.search(answer)
        if created:
            objects[created[1].decode()] = None
        if len(self._waiting) >= KEPT:
            self._waiting.popleft()
            metrics.AUDIT_LOST.inc()
        self._waiting.append(
            {
                "id": str(ids.new()),
                "org_id": str(actor.org_id),
                "user_id": str(actor.user_id),
                "key_id": str(actor.key_id) if actor.key_id else None,
                "action": f"{act.method} {IDENTIFIER.sub('{id}', act.path)}",
                "object_ids": list(objects),
                "status": act.status,
                "request_id": act.request_id,
                "created_at": datetime.now(UTC).isoformat(),
            }
        )

    async def flush(self) -> None:
        """Write what was recorded so far. What cannot be written waits for the next time."""
        for _ in range(len(self._waiting) // BATCH + 1):
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            if not batch:
                return
            try:
                await self._db.rows(INSERT, to_json(batch))
            except BaseException:
                self._waiting.extendleft(reversed(batch))
                raise


async def prune(db: Database, days: int) -> str | None:
    """Delete records older than this, in small transactions."""
    total = 0
    while gone := await db.value(PRUNE, days, PRUNE_BATCH):
        total += gone
    return f"{total} deleted" if total else None
