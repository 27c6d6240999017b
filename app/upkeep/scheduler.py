"""Work that one server at a time does for all: each job has a lease in the database, on the database's clock.

Who takes a job's lease leads that job until the lease is over. A job is cut at its deadline, which is before
that: two servers never run the same job, through PgBouncer either, and a dead leader is replaced by itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from uuid import uuid4

from app.db.pool import Database, ServerStatement
from app.http.lifecycle import Lifecycle
from app.telemetry import metrics

log = logging.getLogger("roost.upkeep")

TICK_SECONDS = 15.0
RETRY_SECONDS = 60.0
"""After a failure a job is due again this soon, or after its interval if that is shorter."""
MARGIN_SECONDS = 5.0
"""Between a job's deadline and the end of its lease."""

CLAIM = ServerStatement(
    "claim_job",
    """INSERT INTO job_leases AS j (name, owner, expires_at, last_started_at)
    VALUES ($1, $2, now() + make_interval(secs => $3), now())
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at,
        last_started_at = excluded.last_started_at
    WHERE j.expires_at <= now() AND j.last_started_at <= now() - make_interval(secs => $4)
    RETURNING true""",
)

# The next start is an interval after the last one; after a failure `$4` seconds from now.
FINISH = ServerStatement(
    "finish_job",
    """UPDATE job_leases SET expires_at = now(), last_error = $3,
        last_finished_at = CASE WHEN $3::text IS NULL THEN now() ELSE last_finished_at END,
        last_started_at = CASE WHEN $3::text IS NULL THEN last_started_at
            ELSE now() - make_interval(secs => $4) END
    WHERE name = $1 AND owner = $2""",
)


@dataclass(frozen=True)
class Job:
    """Something to do every so often. `work` returns what it did, in a word or two, or None for nothing."""

    name: str
    every: float
    deadline: float
    work: Callable[[], Awaitable[str | None]]


class Scheduler:
    """Runs the jobs that are due and that no other server has."""

    def __init__(self, db: Database, lifecycle: Lifecycle, owner: str, jobs: Sequence[Job]) -> None:
        self._db = db
        self._lifecycle = lifecycle
        self._owner = f"{owner}/{uuid4()}"
        self._jobs = jobs

    async def run(self) -> None:
        """Look for due jobs until cancelled; a drain ends that."""
        while True:
            await asyncio.sleep(TICK_SECONDS * random.uniform(0.5, 1))  # noqa: S311
            if self._lifecycle.draining or not self._lifecycle.prepared:
                continue
            await self.tick()

    async def tick(self) -> None:
        """Run every job that is due, one after the other. Never raises."""
        for job in self._jobs:
            try:
                if await self._claimed(job):
                    await self._do(job)
            except Exception:  # the supervisor of a background task
                log.exception("cannot look after a job", extra={"job": job.name})

    async def _claimed(self, job: Job) -> bool:
        lease = job.deadline + MARGIN_SECONDS
        return bool(await self._db.value(CLAIM, job.name, self._owner, lease, job.every))

    async def _do(self, job: Job) -> None:
        began, error = perf_counter(), None
        try:
            async with asyncio.timeout(job.deadline):
                done = await job.work()
        except TimeoutError:
            error = f"It was not done within {job.deadline:g} seconds."
            log.warning("a job took too long", extra={"job": job.name, "deadline": job.deadline})
        except asyncio.CancelledError:
            error = "The server stopped."
            raise
        except Exception as failure:  # the supervisor of a background task
            error = f"{type(failure).__name__}: {failure}"
            log.exception("a job failed", extra={"job": job.name})
        else:
            log.log(
                logging.INFO if done else logging.DEBUG, "job done", extra={"job": job.name, "done": done}
            )
        finally:
            metrics.JOB_SECONDS.labels(job.name).observe(perf_counter() - began)
            metrics.JOBS.labels(job.name, "error" if error else "ok").inc()
            back = max(job.every - RETRY_SECONDS, 0)
            await asyncio.shield(self._db.rows(FINISH, job.name, self._owner, error, back))
