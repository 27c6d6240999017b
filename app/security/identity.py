"""The parts that know who is calling, made once per process, and the tasks that keep them current."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from app.db.pool import Database
from app.security.audit import AuditLog
from app.security.directory import REFRESH_SECONDS, Directory
from app.security.guard import Guard
from app.security.limits import RateLimiter
from app.settings import Settings

log = logging.getLogger("roost.identity")

FLUSH_SECONDS = 1.0
CLOSE_SECONDS = 3.0


class Identity:
    """Admits requests and records them."""

    def __init__(self, db: Database, settings: Settings) -> None:
        limiter = RateLimiter(db, per_minute=settings.rate_limit_per_minute, burst=settings.rate_limit_burst)
        self.audit = AuditLog(db)
        self._directory = Directory(db)
        self._limiter = limiter
        self.guard = Guard(settings.server_password.get_secret_value(), self._directory, limiter)

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs as long as the process, by name."""
        return {
            "keys": _every(REFRESH_SECONDS, self._refresh, "look at the keys again"),
            "audit": _every(FLUSH_SECONDS, self.audit.flush, "write the audit log"),
        }

    async def close(self) -> None:
        """Write what is left of the audit log."""
        try:
            await asyncio.wait_for(self.audit.flush(), CLOSE_SECONDS)
        except Exception:  # the process ends now, whatever the database says
            log.exception("the last audit records are lost")

    async def _refresh(self) -> None:
        self._limiter.forget()
        await self._directory.refresh()


async def _every(seconds: float, work: Callable[[], Awaitable[None]], what: str) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:  # the supervisor of a background task
            log.exception("cannot %s", what)
