"""Jobs on messages: the partitions of the next months, the end of old ones, and old `otid`s."""

from __future__ import annotations

from app.db.pool import Database, ServerStatement

MONTHS_AHEAD = 2
OTID_DAYS = 30
"""For so long a repeated `otid` is answered with what was answered before."""
BATCH = 5000

ADD_PARTITIONS = ServerStatement("add_message_partitions", "SELECT add_message_partitions($1)")

DROP_PARTITION = ServerStatement(
    "drop_message_partition", "SELECT drop_message_partition(now() - make_interval(days => $1))"
)

FORGET_OTIDS = ServerStatement(
    "forget_message_otids",
    """WITH gone AS (DELETE FROM message_otids WHERE (agent_id, otid) IN (
        SELECT agent_id, otid FROM message_otids WHERE created_at < now() - make_interval(days => $1)
        ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1)
    SELECT count(*) FROM gone""",
)

FORGET_VECTORS = ServerStatement(
    "forget_message_vectors",
    """WITH gone AS (DELETE FROM message_vectors WHERE message_id IN (
        SELECT v.message_id FROM message_vectors v
        WHERE v.created_at < now() - make_interval(days => $1)
            AND NOT EXISTS (SELECT FROM messages m
                WHERE m.id = v.message_id AND m.created_at = v.created_at)
        ORDER BY v.created_at LIMIT $2) RETURNING 1)
    SELECT count(*) FROM gone""",
)


async def add_partitions(db: Database) -> str | None:
    """Make the partitions of this month and the next ones."""
    made = await db.value(ADD_PARTITIONS, MONTHS_AHEAD)
    return f"{made} partitions made" if made else None


async def retain(db: Database, days: int) -> str | None:
    """Drop the months that ended more than `days` ago, one at a time; what agents still see is kept."""
    dropped = 0
    while await db.value(DROP_PARTITION, days):
        dropped += 1
    while await db.value(FORGET_VECTORS, days, BATCH) == BATCH:
        pass
    return f"{dropped} months dropped" if dropped else None


async def forget_otids(db: Database) -> str | None:
    """Forget the `otid`s that nobody will repeat any more."""
    total = 0
    while (count := await db.value(FORGET_OTIDS, OTID_DAYS, BATCH)) == BATCH:
        total += count
    return f"{total + count} otids forgotten" if total + count else None
