"""The turns of this process: they outlive their requests, keep their leases, and are released on shutdown."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Coroutine
from time import monotonic
from typing import Any
from uuid import UUID

from app.db.pool import Database
from app.http.lifecycle import Lifecycle
from app.turns import queries
from app.turns.state import Outcome

log = logging.getLogger("roost.turns")

LEASE_SECONDS = 30.0
BEAT_SECONDS = 10.0
FENCE_SECONDS = 20.0
"""Without a successful heartbeat for this long we stop our own turns: another process may take them."""

SHUTDOWN = "shutdown"
LEASE_LOST = "lease lost"


class Turns:
    """Runs turns as tasks and renews their leases with one statement for all of them."""

    def __init__(self, db: Database, lifecycle: Lifecycle) -> None:
        self._db = db
        self._lifecycle = lifecycle
        self._tasks: dict[UUID, asyncio.Task[Outcome]] = {}
        self.owner = f"{socket.gethostname()}/{os.getpid()}"

    def spawn(self, token: UUID, turn: Coroutine[Any, Any, Outcome]) -> asyncio.Task[Outcome]:
        """Start a turn whose lease is `token`; awaiting the task's result is optional."""
        task = asyncio.get_running_loop().create_task(self._counted(turn), name=f"turn {token}")
        self._tasks[token] = task
        task.add_done_callback(lambda done: self._finished(token, done))
        return task

    async def beat(self) -> None:
        """Renew leases until cancelled; the process's one heartbeat."""
        last = monotonic()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            tokens = list(self._tasks)
            if not tokens:
                last = monotonic()
                continue
            try:
                rows = await asyncio.wait_for(
                    self._db.rows(queries.RENEW, tokens, LEASE_SECONDS), BEAT_SECONDS
                )
            except Exception:  # the supervisor of a background task
                log.exception("cannot renew leases")
                if monotonic() - last > FENCE_SECONDS:
                    self._cancel(tokens, LEASE_LOST)
                continue
            last = monotonic()
            self._cancel(set(tokens) - {row["lease_token"] for row in rows}, LEASE_LOST)

    async def release(self) -> None:
        """Stop what is left and let another process have it at once: nothing is finalised here."""
        tokens, tasks = list(self._tasks), list(self._tasks.values())
        if not tasks:
            return
        log.warning("releasing %d unfinished turns", len(tasks))
        self._cancel(tokens, SHUTDOWN)
        await asyncio.wait(tasks, timeout=5)
        await self._db.rows(queries.RELEASE, tokens)

    async def _counted(self, turn: Coroutine[Any, Any, Outcome]) -> Outcome:
        with self._lifecycle.turn():
            return await turn

    def _cancel(self, tokens: list[UUID] | set[UUID], reason: str) -> None:
        for token in tokens:
            task = self._tasks.get(token)
            if task is not None:
                task.cancel(reason)

    def _finished(self, token: UUID, task: asyncio.Task[Outcome]) -> None:
        self._tasks.pop(token, None)
        if not task.cancelled() and task.exception() is not None:
            log.debug("turn ended with %s", type(task.exception()).__name__)
