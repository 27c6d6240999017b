"""Follows a background run from any point, whichever server works on it: what it told so far, then live."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.db.pool import Database, Row, Statement
from app.errors import AppError, BadRequest, NotFound, is_outage
from app.http import sse
from app.messages import replies
from app.turns.events import Recorder
from app.turns.state import Outcome, Totals

OUTAGE_SECONDS = 60.0
"""How long a follower waits for a database that went away."""

# One snapshot of the events and of the run's state: a run that has ended tells nothing after them.
FOLLOW = Statement(
    "follow_run",
    """SELECT r.status, r.stop_reason, r.usage::text, r.error::text, r.background,
        (SELECT min(e.first_seq) FROM run_events e WHERE e.run_id = r.id) AS oldest,
        (SELECT json_agg(json_build_array(e.first_seq, e.frames) ORDER BY e.first_seq) FROM (
            SELECT first_seq, frames FROM run_events
            WHERE run_id = r.id AND last_seq > $3 ORDER BY first_seq LIMIT $4) e)::text AS batches
    FROM runs r WHERE r.org_id = $1 AND r.id = $2""",
)


class GoneError(AppError):
    """Events that were kept once and are not any more."""

    status = 410
    retry = False


@dataclass(frozen=True)
class Wanted:
    """What of a run to tell, and how."""

    org_id: UUID
    run_id: UUID
    after: int = 0
    """The number of the last event that the listener has."""
    batch: int = 100
    poll_seconds: float = 0.2
    pings: bool = True


async def stream(db: Database, recorder: Recorder, wanted: Wanted, ping_seconds: float) -> sse.StreamResponse:
    """The response that tells a run. Raises NotFound, BadRequest or GoneError before it begins."""
    row = await _read(db, wanted, wanted.after)
    if not row["background"]:
        raise BadRequest(f"run-{wanted.run_id} was not started in the background: its stream was not kept.")
    first = 1 if row["oldest"] is None else row["oldest"]
    if first > wanted.after + 1 or (row["oldest"] is None and row["status"] == "completed"):
        raise GoneError(
            f"The events of run-{wanted.run_id} after {wanted.after} are not kept any more;"
            f" list its messages at /v1/runs/run-{wanted.run_id}/messages."
        )
    channel = sse.Channel()
    ping = replies.ping(wanted.run_id, wanted=wanted.pings)
    if wanted.pings:
        channel.put(ping())
    follower = asyncio.get_running_loop().create_task(
        _follow(db, recorder, wanted, channel), name=f"follower of {wanted.run_id}"
    )
    return sse.StreamResponse(channel, ping=ping, ping_seconds=ping_seconds, producer=follower)


async def _follow(db: Database, recorder: Recorder, wanted: Wanted, channel: sse.Channel) -> None:
    position = wanted.after
    try:
        with recorder.listening(wanted.run_id) as news:
            while True:
                news.clear()
                row = await _patiently(db, wanted, position)
                batches = orjson.loads(row["batches"] or "[]")
                for first, frames in batches:
                    for number, frame in enumerate(frames.split("\n"), first):
                        if number > position:
                            channel.put(b"data: " + frame.encode() + b"\n\n")
                            position = number
                if len(batches) == wanted.batch:
                    continue
                if row["status"] not in {"created", "running"}:
                    _end(channel, wanted.run_id, row)
                    return
                # Woken at once by a run of this process; asks from time to time for another's.
                seconds = 1.0 if recorder.has(wanted.run_id) else wanted.poll_seconds
                try:
                    await asyncio.wait_for(news.wait(), seconds)
                except TimeoutError:
                    continue
    except AppError as error:
        replies.end_badly(channel, wanted.run_id, error)
    finally:
        channel.close()


async def _patiently(db: Database, wanted: Wanted, position: int) -> Row:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + OUTAGE_SECONDS
    while True:
        try:
            return await _read(db, wanted, position)
        except Exception as error:
            if not is_outage(error) or loop.time() > deadline:
                raise
        await asyncio.sleep(1)


async def _read(db: Database, wanted: Wanted, position: int) -> Row:
    row = await db.row(FOLLOW, wanted.org_id, wanted.run_id, position, wanted.batch)
    if row is None:
        raise NotFound(f"There is no run run-{wanted.run_id}.")
    return row


def _end(channel: sse.Channel, run_id: UUID, row: Row) -> None:
    usage: dict[str, Any] = orjson.loads(row["usage"] or "null") or Totals.of_run(run_id).wire()
    if row["status"] == "failed" and row["error"]:
        error = orjson.loads(row["error"])
        replies.failed(channel, run_id, row["stop_reason"], error["type"], error["message"])
    else:
        replies.end(channel, Outcome(row["stop_reason"], usage))
