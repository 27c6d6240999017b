"""`roost db migrate`: alembic under an advisory lock, with bounded waits for locks."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db import connect, revisions

log = logging.getLogger("roost.migrate")

LOCK_KEY = 0x726F6F7374  # "roost"
RETRIED = {"55P03", "40P01", "40001"}
"""lock_not_available, deadlock_detected, serialization_failure: another session was in the way."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for locks, and how often to try."""

    lock_timeout_seconds: float = 5
    attempts: int = 5

    @classmethod
    def from_environment(cls) -> Patience:
        """ROOST_MIGRATE_LOCK_TIMEOUT_SECONDS and ROOST_MIGRATE_ATTEMPTS. Raises ValueError."""
        seconds = _number("ROOST_MIGRATE_LOCK_TIMEOUT_SECONDS", cls.lock_timeout_seconds, low=0.1, high=600)
        attempts = _number("ROOST_MIGRATE_ATTEMPTS", cls.attempts, low=1, high=100)
        return cls(lock_timeout_seconds=seconds, attempts=int(attempts))


Action = Callable[[Config], None]


class MigrationError(Exception):
    """A migration failed; the message is Postgres' own, with the statement that caused it."""


async def upgrade(target: connect.Target, patience: Patience, revision: str = "head") -> str:
    """Upgrade to `revision` and return it. Raises MigrationError with what Postgres said."""
    return await _retrying(target, patience, partial(command.upgrade, revision=revision))


async def downgrade(target: connect.Target, patience: Patience, revision: str) -> str:
    """Downgrade to `revision` (`base` for an empty schema); for tests and for a deliberate way back."""
    return await _retrying(target, patience, partial(command.downgrade, revision=revision))


def config() -> Config:
    """Alembic's configuration; it holds no connection."""
    return Config(str(revisions.DIRECTORY / "alembic.ini"))


async def _retrying(target: connect.Target, patience: Patience, action: Action) -> str:
    await (await connect.patiently(target, application="roost-migrate")).close()
    for attempt in range(1, patience.attempts + 1):
        try:
            return await _once(target, patience, action)
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in RETRIED or attempt == patience.attempts:
                raise MigrationError(_explain(error, attempt)) from None
            log.warning("attempt %d of %d: %s; trying again", attempt, patience.attempts, error.orig)
            await asyncio.sleep(min(2.0**attempt, 15))
    raise AssertionError("unreachable: the last attempt returns or raises")


async def _once(target: connect.Target, patience: Patience, action: Action) -> str:
    settings = connect.arguments(target, application="roost-migrate")

    async def connect_once() -> Any:
        return await asyncpg.connect(**settings)

    engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=connect_once)
    try:
        async with engine.connect() as connection:
            # A session lock on this very connection: it goes away with it, also when we are killed.
            await connection.execute(text(f"SET lock_timeout = {int(patience.lock_timeout_seconds * 1000)}"))
            await connection.execute(text(f"SELECT pg_advisory_lock({LOCK_KEY})"))
            await connection.commit()
            return await connection.run_sync(_run, action)
    finally:
        await engine.dispose()


def _run(connection: Connection, action: Action) -> str:
    settings = config()
    settings.attributes["connection"] = connection
    action(settings)
    found = connection.execute(text("SELECT to_regclass('roost.alembic_version')")).scalar()
    version = connection.execute(text("SELECT version_num FROM roost.alembic_version")) if found else None
    return str(version.scalar() if version else None)


def _explain(error: DBAPIError, attempt: int) -> str:
    """What failed, the statement first and Postgres' message last, where a truncated log still shows it."""
    statement = " ".join((error.statement or "").split())[:500]
    cause: Any = getattr(error.orig, "__cause__", None) or error.orig
    parts = [f"Migration failed in attempt {attempt}, and its transaction was rolled back."]
    parts.append(f"Statement: {statement}")
    detail, hint = getattr(cause, "detail", None), getattr(cause, "hint", None)
    parts += [f"{name}: {value}" for name, value in (("DETAIL", detail), ("HINT", hint)) if value]
    parts.append(f"ERROR: {cause} (SQLSTATE {getattr(error.orig, 'sqlstate', 'unknown')})")
    return "\n".join(parts)


def _number(name: str, default: float, *, low: float, high: float) -> float:
    raw = os.environ.get(name)
    try:
        value = float(raw) if raw else float(default)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise ValueError(f"{name} is {raw!r}; it must be a number between {low:g} and {high:g}.")
    return value
