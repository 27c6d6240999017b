"""Goes on with what other processes left: every server looks for runs whose lease is over."""

from __future__ import annotations

import asyncio
import logging
import random
from time import perf_counter
from typing import Any

import orjson

from app.db.pool import Database, ServerStatement
from app.http.lifecycle import Lifecycle
from app.turns import endings, leases
from app.turns.events import Recorder
from app.turns.loop import Loop
from app.turns.state import PERSISTED, Totals, Turn
from app.turns.supervisor import Turns

log = logging.getLogger("roost.turns")

SCAN_SECONDS = 1.0
MOST_AT_ONCE = 16
"""Runs that a process takes over in one scan; others take the rest."""
SWEEP_SECONDS = 60.0
KEPT_SECONDS = 3 * 3600
"""How long a background run can be replayed after it told something."""

SWEEP = ServerStatement(
    "sweep_run_events",
    """DELETE FROM run_events WHERE (run_id, first_seq) IN (
        SELECT run_id, first_seq FROM run_events WHERE created_at < now() - make_interval(secs => $1)
        ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED)""",
)


class Recovery:
    """Claims, resumes and gives up runs; forgets old events. Runs beside the heartbeat, on its connection."""

    def __init__(
        self, db: Database, lifecycle: Lifecycle, turns: Turns, recorder: Recorder, loop: Loop
    ) -> None:
        self._db = db
        self._lifecycle = lifecycle
        self._turns = turns
        self._recorder = recorder
        self._loop = loop
        self._swept = float("-inf")

    async def run(self) -> None:
        """Scan until cancelled, at intervals that differ between processes; a drain ends the claiming."""
        while True:
            await asyncio.sleep(SCAN_SECONDS * random.uniform(0.5, 1))  # noqa: S311
            if self._lifecycle.draining or not self._lifecycle.prepared:
                continue
            try:
                await self.scan()
                await self._sweep()
            except Exception:  # the supervisor of a background task
                log.exception("cannot look for abandoned runs")

    async def scan(self) -> None:
        """Resume what is due, and give up what was begun too often."""
        for run_id in await endings.abandon(self._db, leases.ATTEMPTS):
            log.error("a run was given up", extra={"run_id": f"run-{run_id}", "attempts": leases.ATTEMPTS})
        rows = await self._db.rows(
            leases.CLAIM, self._turns.owner, leases.LEASE_SECONDS, leases.ATTEMPTS, MOST_AT_ONCE
        )
        for row in rows:
            turn = self._turn(row)
            log.warning("resuming a run", extra={"run_id": f"run-{turn.run_id}", "attempt": turn.attempt})
            emit = turn.log.put if turn.log else _nobody
            self._turns.spawn(turn, self._loop.run(turn, emit))

    async def _sweep(self) -> None:
        now = perf_counter()
        if now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            await self._db.rows(SWEEP, KEPT_SECONDS)

    def _turn(self, row: Any) -> Turn:
        config = {"max_steps": 50, "stream_tokens": False} | orjson.loads(row["request_config"] or "{}")
        kept: dict[str, Any] = {name: config[name] for name in PERSISTED if name in config}
        run_id, token = row["id"], row["lease_token"]
        return Turn(
            **kept,
            org_id=row["org_id"],
            agent_id=row["agent_id"],
            conversation_id=row["conversation_id"],
            run_id=run_id,
            token=token,
            request_id=None,
            started=perf_counter(),
            totals=Totals.of_run(run_id, orjson.loads(row["usage"] or "{}")),
            attempt=max(row["attempt"], 2),
            log=self._recorder.open(run_id, token, row["last_seq"]) if row["background"] else None,
        )


def _nobody(_: dict[str, Any]) -> None:
    """The one who listened was connected to another process."""
