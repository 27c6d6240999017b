"""Tells the address that a client named that its run has ended: at least once, with bounded tries.

What is owed lies in the database (`callback_after`), so any server delivers it, also after a restart.
"""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from app.db.pool import Database, Row, ServerStatement, to_json
from app.errors import AppError
from app.security import urls

log = logging.getLogger("roost.callbacks")

ATTEMPTS = 5
FIRST_WAIT, LONGEST_WAIT = 2.0, 120.0
POST_SECONDS = 10.0
POLL_SECONDS = 5.0
AT_ONCE = 10
CLAIM_SECONDS = 2 * POST_SECONDS
"""How long a claimed callback is left alone: longer than a try takes."""

# Claiming moves the due time on, so that a server that dies meanwhile loses a try and not the callback.
CLAIM = ServerStatement(
    "claim_callbacks",
    """UPDATE runs r SET callback_attempts = callback_attempts + 1,
        callback_after = now() + make_interval(secs => $1)
    FROM (SELECT id FROM runs WHERE callback_after <= now() ORDER BY callback_after LIMIT $2
        FOR UPDATE SKIP LOCKED) due
    WHERE r.id = due.id
    RETURNING r.id, r.agent_id, r.org_id, r.status, r.stop_reason, r.callback_url, r.callback_attempts,
        r.metadata::text, r.completed_at, r.created_at""",
)

SETTLE = ServerStatement(
    "settle_callbacks",
    """UPDATE runs r SET callback_status_code = s.status, callback_error = s.error,
        callback_sent_at = CASE WHEN s.done AND s.error IS NULL THEN now() ELSE callback_sent_at END,
        callback_after = CASE WHEN NOT s.done THEN now() + make_interval(secs => s.wait) END
    FROM jsonb_to_recordset($1::jsonb) AS s (id uuid, status int, error text, done boolean, wait float8)
    WHERE r.id = s.id""",
)


class Callbacks:
    """Delivers what is due. One task per server; `run` it."""

    def __init__(self, db: Database, *, private: bool) -> None:
        self._db, self._private = db, private

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            more = False
            try:
                more = await self.deliver() == AT_ONCE
            except (AppError, OSError) as error:
                log.warning("cannot look for callbacks: %s", error)
            except Exception:  # the supervisor of a background task
                log.exception("callbacks failed")
            if not more:
                await asyncio.sleep(POLL_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 (spreads servers)

    async def deliver(self) -> int:
        """Deliver what is due now, some at a time; how many were tried."""
        due = await self._db.rows(CLAIM, CLAIM_SECONDS, AT_ONCE)
        if not due:
            return 0
        async with urls.session(private=self._private, seconds=POST_SECONDS) as session:
            outcomes = await asyncio.gather(*(self._post(session, row) for row in due))
        await self._db.rows(SETTLE, to_json(outcomes))
        return len(due)

    async def _post(self, session: Any, row: Row) -> dict[str, Any]:
        """One try; what is to be recorded of it."""
        import aiohttp

        status: int | None = None
        error: str | None = None
        try:
            urls.check(row["callback_url"], private=self._private)
            body, headers = _body(row), {"content-type": "application/json"}
            async with session.post(
                row["callback_url"], data=body, headers=headers, allow_redirects=False
            ) as response:
                status = response.status
            if not 200 <= response.status < 300:
                error = f"The callback was answered with {status}; redirects are not followed."
        except AppError as refused:
            error = refused.message
        except TimeoutError:
            error = f"The callback was not answered in {POST_SECONDS:g} seconds."
        except (aiohttp.ClientError, OSError, ValueError) as broken:
            error = f"The callback could not be sent: {_reason(broken)}."
        done = error is None or row["callback_attempts"] >= ATTEMPTS
        wait = min(LONGEST_WAIT, FIRST_WAIT * 4 ** (row["callback_attempts"] - 1))
        return {"id": str(row["id"]), "status": status, "error": error, "done": done, "wait": wait}


def _reason(error: BaseException) -> str:
    """Short, and without what the address resolved to beyond what its owner knows."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, urls.ForbiddenAddressError):
            return "its host resolves to an address that users may not send the server to"
        cause = getattr(cause, "os_error", None) or cause.__cause__
    return type(error).__name__


def _body(row: Row) -> bytes:
    completed: datetime | None = row["completed_at"]
    run_id: UUID = row["id"]
    return orjson.dumps({
        "run_id": f"run-{run_id}",
        "agent_id": f"agent-{row['agent_id']}",
        "status": row["status"],
        "stop_reason": row["stop_reason"],
        "created_at": row["created_at"].astimezone(UTC),
        "completed_at": completed.astimezone(UTC) if completed else None,
        "metadata": orjson.loads(row["metadata"] or "{}"),
        "attempt": row["callback_attempts"],
    })  # fmt: skip
