"""The turns of this process: they outlive their requests, keep their leases, and are released on shutdown."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Coroutine, Iterable
from time import monotonic
from typing import Any
from uuid import UUID

from app.db.pool import Database, Statement
from app.http.lifecycle import Lifecycle
from app.telemetry import logs, tracing
from app.turns import leases
from app.turns.leases import BEAT_SECONDS, FENCE_SECONDS, LEASE_SECONDS
from app.turns.state import Outcome, Turn, TurnInterruptedError

log = logging.getLogger("roost.turns")

WATCH_SECONDS = 0.5
"""How soon a turn that was cancelled through another server, or taken over by one, stops here."""

SHUTDOWN = "shutdown"
LEASE_LOST = "lease lost"
CANCELLED = "cancelled"


class Turns:
    """Runs turns as tasks; one loop watches over all of them, on a connection that traffic cannot take."""

    def __init__(self, db: Database, lifecycle: Lifecycle) -> None:
        self._db = db
        self._lifecycle = lifecycle
        self._tasks: dict[UUID, asyncio.Task[Outcome]] = {}
        self._turns: dict[UUID, Turn] = {}
        self._reasons: dict[UUID, str] = {}
        self._handed_back: set[UUID] = set()
        self._renewed = monotonic()
        self.owner = f"{socket.gethostname()}/{os.getpid()}"

    def spawn(self, turn: Turn, work: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        """Start a turn that is leased to us; awaiting the task's result is optional."""
        task = asyncio.get_running_loop().create_task(self._counted(turn, work), name=f"turn {turn.run_id}")
        self._tasks[turn.run_id] = task
        self._turns[turn.run_id] = turn
        task.add_done_callback(lambda done: self._finished(turn, done))
        return task

    def cancel(self, run_ids: Iterable[UUID], reason: str = CANCELLED) -> None:
        """Stop those of the runs that are ours, down to the call of the model; what the database says of
        them is the caller's part."""
        for run_id in run_ids:
            task = self._tasks.get(run_id)
            if task is not None and run_id not in self._reasons:
                self._reasons[run_id] = reason
                task.cancel(reason)

    async def beat(self) -> None:
        """Renew leases and notice what others did with our runs, until cancelled."""
        self._renewed = monotonic()
        while True:
            await asyncio.sleep(min(WATCH_SECONDS, BEAT_SECONDS))
            if not self._tasks:
                self._renewed = monotonic()
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._watch()
            except Exception:  # the supervisor of a background task
                log.exception("cannot watch over turns")
                if monotonic() - self._renewed > FENCE_SECONDS:
                    self.cancel(list(self._tasks), LEASE_LOST)

    async def release(self) -> None:
        """Stop what is left and let another process have it at once: nothing is finalised here."""
        turns, tasks = list(self._turns.values()), list(self._tasks.values())
        if tasks:
            log.warning("releasing %d unfinished turns", len(tasks))
            self.cancel([turn.run_id for turn in turns], SHUTDOWN)
            await asyncio.wait(tasks, timeout=5)
        if turns or self._handed_back:
            await self._give(leases.RELEASE, {turn.token for turn in turns} | self._handed_back)

    async def _watch(self) -> None:
        if self._handed_back:
            await self._give(leases.HAND_BACK, self._handed_back)
        turns = dict(self._turns)
        if not turns:
            return
        if monotonic() - self._renewed >= BEAT_SECONDS:
            tokens = [turn.token for turn in turns.values()]
            await self._db.rows(leases.RENEW, tokens, LEASE_SECONDS)
            self._renewed = monotonic()
        found = {row["id"]: row for row in await self._db.rows(leases.WATCH, list(turns))}
        for run_id, turn in turns.items():
            row = found.get(run_id)
            if row is None or row["status"] == "cancelled":
                self.cancel([run_id], CANCELLED)
            elif row["lease_token"] != turn.token:
                self.cancel([run_id], LEASE_LOST)

    async def _give(self, statement: Statement, tokens: set[UUID]) -> None:
        given = list(tokens)
        await self._db.rows(statement, given)
        self._handed_back.difference_update(given)

    async def _counted(self, turn: Turn, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        about = {"agent_id": f"agent-{turn.agent_id}", "run_id": f"run-{turn.run_id}"}
        with (
            self._lifecycle.turn(background=turn.log is not None),
            logs.bound(turn.request_id, {"org_id": f"org-{turn.org_id}"} | (logs.fields.get() or {}) | about),
            tracing.span("turn", about),
        ):
            try:
                return await work
            except TurnInterruptedError:
                self._handed_back.add(turn.token)
                raise
            except asyncio.CancelledError:
                if self._reasons.get(turn.run_id) != CANCELLED:
                    raise
                return Outcome("cancelled", turn.totals.wire())

    def _finished(self, turn: Turn, task: asyncio.Task[Outcome]) -> None:
        for kept in (self._tasks, self._turns, self._reasons):
            kept.pop(turn.run_id, None)
        if turn.log is not None:
            turn.log.close()
        if not task.cancelled() and task.exception() is not None:
            log.debug("turn ended with %s", type(task.exception()).__name__)
