"""What background runs tell, kept in Postgres so that any server can replay it from any point.

Events are numbered per run. What a step stored is written with the step, in one transaction; pieces of an
answer on its way are bundled and written a few times a second, for all runs of the process by one statement.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson

from app.db.pool import Database, ServerStatement, Session, Statement
from app.messages import wire
from app.turns.state import Turn

log = logging.getLogger("roost.turns")

FLUSH_SECONDS = 0.05
MAX_EVENTS = 10_000
"""Events that are kept of a run; older ones can no longer be replayed."""
TRIM_EVERY = 1000

# `$6` is whether the events belong to the run's last step, which has just ended it.
INSERT = Statement(
    "insert_run_events",
    """INSERT INTO run_events (org_id, run_id, first_seq, last_seq, frames)
    SELECT r.org_id, r.id, e.first_seq, e.last_seq, e.frames
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[])
        AS e (run_id, token, first_seq, last_seq, frames)
    JOIN runs r ON r.id = e.run_id AND r.lease_token = e.token AND (r.status = 'running' OR $6)
    ON CONFLICT DO NOTHING""",
)

TRIM = ServerStatement("trim_run_events", "DELETE FROM run_events WHERE run_id = $1 AND last_seq <= $2")


class RunLog:
    """The events of one background run, on their way into the table."""

    def __init__(self, recorder: Recorder, turn_ids: tuple[UUID, UUID], last_seq: int) -> None:
        self.run_id, self.token = turn_ids
        self.lock = asyncio.Lock()
        """Held while events are written, so that they are committed in their order."""
        self._recorder = recorder
        self._last = last_seq
        self._pending: list[str] = []
        self._staged: int | None = None

    def put(self, event: dict[str, Any]) -> None:
        """Number an event and have it written soon."""
        if len(self._pending) < MAX_EVENTS:
            self._last += 1
            self._pending.append(_frame(event, self._last))
            self._recorder.wake()

    async def write(self, session: Session, events: Sequence[dict[str, Any]]) -> None:
        """Write what waits and `events` in a transaction, under the lock; `settle` when it was committed."""
        last = self._last
        frames = list(self._pending)
        for event in events:
            last += 1
            frames.append(_frame(event, last))
        self._staged = last
        if frames:
            first = last - len(frames) + 1
            await session.rows(
                INSERT, [self.run_id], [self.token], [first], [last], ["\n".join(frames)], True
            )

    def close(self) -> None:
        """The run is over, or no longer ours."""
        self._recorder.close(self.run_id)

    def settle(self) -> None:
        """What `write` wrote is committed."""
        if self._staged is not None:
            self._pending.clear()
            self._last, self._staged = self._staged, None
            self._recorder.notify(self.run_id)

    def waiting(self) -> tuple[int, int, list[str]] | None:
        """What is to be written: the first and last number, and the frames."""
        count = len(self._pending)
        return (self._last - count + 1, self._last, self._pending[:]) if count else None

    def written(self, count: int) -> None:
        """The first `count` of the waiting frames are in the table."""
        del self._pending[:count]


class Recorder:
    """Writes the events of this process's background runs, and wakes those that follow them here."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._logs: dict[UUID, RunLog] = {}
        self._dirty = asyncio.Event()
        self._listeners: dict[UUID, set[asyncio.Event]] = {}

    def open(self, run_id: UUID, token: UUID, last_seq: int = 0) -> RunLog:
        """The log of a run that this process works on."""
        self._logs[run_id] = RunLog(self, (run_id, token), last_seq)
        return self._logs[run_id]

    def close(self, run_id: UUID) -> None:
        """The run is over, or no longer ours."""
        self._logs.pop(run_id, None)
        self.notify(run_id)

    def has(self, run_id: UUID) -> bool:
        """Whether this process works on the run, so that its followers are woken."""
        return run_id in self._logs

    def wake(self) -> None:
        """There is something to write."""
        self._dirty.set()

    def notify(self, run_id: UUID) -> None:
        """Wake the run's followers in this process."""
        for event in self._listeners.get(run_id, ()):
            event.set()

    @contextmanager
    def listening(self, run_id: UUID) -> Generator[asyncio.Event]:
        """An event that is set whenever the run tells something new."""
        event = asyncio.Event()
        self._listeners.setdefault(run_id, set()).add(event)
        try:
            yield event
        finally:
            self._listeners[run_id].discard(event)
            if not self._listeners[run_id]:
                del self._listeners[run_id]

    async def run(self) -> None:
        """Write what waits until cancelled; the process's one writer of pieces."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._flush()
            except Exception:  # the supervisor of a background task; what waits is tried again
                log.exception("cannot write events of runs")
                self._dirty.set()
                await asyncio.sleep(1)
            await asyncio.sleep(FLUSH_SECONDS)

    async def _flush(self) -> None:
        # A step that is being stored writes what waits itself.
        logs = [one for one in self._logs.values() if not one.lock.locked() and one.waiting()]
        if not logs:
            return
        for one in logs:
            await one.lock.acquire()
        try:
            batches = [(one, batch) for one in logs if (batch := one.waiting())]
            await self._db.rows(
                INSERT,
                [one.run_id for one, _ in batches],
                [one.token for one, _ in batches],
                [first for _, (first, _, _) in batches],
                [last for _, (_, last, _) in batches],
                ["\n".join(frames) for _, (_, _, frames) in batches],
                False,
            )
            for one, (_, _, frames) in batches:
                one.written(len(frames))
        finally:
            for one in logs:
                one.lock.release()
        for one, (first, last, _) in batches:
            self.notify(one.run_id)
            if last > MAX_EVENTS and first // TRIM_EVERY != (last + 1) // TRIM_EVERY:
                await self._db.rows(TRIM, one.run_id, last - MAX_EVENTS)


def of_step(turn: Turn, messages: Sequence[wire.Stored]) -> list[dict[str, Any]]:
    """What listeners are told of a stored step; with token streaming they already have the model's part."""
    told = [one for one in messages if not (turn.stream_tokens and one.role in {"assistant", "approval"})]
    events = [event for one in told for event in wire.expand(one, turn.view)]
    wanted = turn.include_return_message_types
    return events if wanted is None else [one for one in events if one["message_type"] in wanted]


def _frame(event: dict[str, Any], seq: int) -> str:
    return orjson.dumps(event | {"seq_id": seq}).decode()
