"""Runs that ended, as answers: for a repeated request, and for one whose turn went on at another server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.db import keyset
from app.db.pool import Database, Statement
from app.errors import AppError, Conflict, NotFound, is_outage
from app.messages import queries, wire
from app.turns.state import Outcome

ELSEWHERE_SECONDS = 50.0
"""How long a request waits for its turn at another server; letta-client waits 60 s."""
POLL_SECONDS = 0.5

ENDED = Statement(
    "get_run_end",
    """SELECT status, stop_reason, usage::text, error::text FROM runs
    WHERE org_id = $1 AND id = $2""",
)


@dataclass(frozen=True)
class Replay:
    """A request that was answered before: its run, and what to answer again."""

    run_id: UUID
    outcome: Outcome
    events: list[dict[str, Any]]


async def of_otids(db: Database, org_id: UUID, agent_id: UUID, otids: list[str]) -> Replay | None:
    """The answer to messages that we have already; None when we do not. Raises Conflict without an answer."""
    row = await db.row(queries.BY_OTID, org_id, agent_id, otids) if otids else None
    if row is None:
        return None
    if row["status"] == "running":
        raise Conflict(
            f"This message (same `otid`) is being answered by run-{row['run_id']}; list messages later.",
        )
    if row["status"] != "completed":
        raise Conflict(
            f"This message (same `otid`) was received before and its run-{row['run_id']} {row['status']};"
            " send it with a new `otid` to try again."
        )
    return await _replay(db, org_id, row["run_id"], row)


async def of_run(db: Database, org_id: UUID, run_id: UUID) -> Replay:
    """What an earlier run answered. Raises Conflict when it has not ended well."""
    row = await db.row(ENDED, org_id, run_id)
    if row is None or row["status"] != "completed":
        status = row["status"] if row else "gone"
        raise Conflict(f"This was received before, and its run-{run_id} is {status}; list the messages.")
    return await _replay(db, org_id, run_id, row)


async def elsewhere(db: Database, org_id: UUID, run_id: UUID, error: AppError) -> Replay:
    """Wait for a run that another server goes on with. Raises `error` when that takes too long, or fails."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ELSEWHERE_SECONDS
    while loop.time() < deadline:
        try:
            row = await db.row(ENDED, org_id, run_id)
        except Exception as fault:
            if not is_outage(fault):
                raise
        else:
            if row is None:
                raise NotFound(f"There is no run run-{run_id} any more.")
            if row["status"] in {"completed", "cancelled"}:
                return await _replay(db, org_id, run_id, row)
            if row["status"] == "failed":
                raise error
        await asyncio.sleep(POLL_SECONDS)
    raise error


async def _replay(db: Database, org_id: UUID, run_id: UUID, row: Any) -> Replay:
    page = keyset.Page(None, None, 1000, descending=False)
    found = await keyset.fetch(db, queries.LIST_OF_RUN, page, [org_id, run_id], [])
    stored = [wire.Stored.from_row(one) for one in found]
    events = [event for one in stored if _told(one) for event in wire.expand(one)]
    return Replay(run_id, Outcome(row["stop_reason"], orjson.loads(row["usage"] or "{}")), events)


def _told(message: wire.Stored) -> bool:
    """Whether a turn tells of the message, rather than having received it."""
    return message.role in {"assistant", "tool"} or (message.role == "approval" and message.approvals is None)
