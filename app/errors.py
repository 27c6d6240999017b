"""What can go wrong, as exceptions that carry their HTTP status; `http/errors.py` renders them.

Errors are sentences: what was wrong, what was given, how to fix it.
"""

from __future__ import annotations

from typing import Any

import asyncpg


class AppError(Exception):
    """An error that the client is told about. `retry` says whether trying again unchanged can help."""

    status = 500
    retry: bool | None = None
    retry_after: int | None = None

    def __init__(self, message: str, *, body: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.body = body or {"detail": message}


class BadRequest(AppError):
    """The request contradicts itself or what it refers to."""

    status = 400


class Unauthorized(AppError):
    """No credentials, or wrong ones."""

    status = 401


class Forbidden(AppError):
    """We know who is calling, and they may not."""

    status = 403


class NotFound(AppError):
    """No such object, or not one of this organisation's."""

    status = 404


class Conflict(AppError):
    """The state of the object does not allow this now; letta-client would retry 409 unless told not to."""

    status = 409
    retry = False


class Unprocessable(AppError):
    """A value that no state of the server could accept."""

    status = 422


class TooManyRequests(AppError):
    """The caller's rate limit is used up; `retry_after` seconds bring the next request."""

    status = 429
    retry = True

    def __init__(self, message: str, *, retry_after: int) -> None:
        detail = {"type": "rate_limit", "message": message, "detail": f"Retry after {retry_after} s."}
        super().__init__(message, body={"error": detail})
        self.retry_after = retry_after


class NotServed(AppError):
    """Part of Letta's API that this server does not have yet."""

    status = 501
    retry = False


class Unavailable(AppError):
    """Not now: the database is away or has no room."""

    status = 503
    retry_after = 1


SQL_ERRORS: dict[str, tuple[type[AppError], str]] = {
    "uq_blocks_agents_label": (
        Conflict, "The agent already has a block with this label; detach that one or use another label."
    ),
    "ck_blocks_value_within_limit": (
        Unprocessable, "The block's value is longer than its limit; shorten the value or raise `limit`."
    ),
    "archives_agents_pkey": (
        Conflict, "The agent has an archive already, and an agent has one at most; detach that one first."
    ),
    "uq_runs_one_running": (
        Conflict, "The agent is busy with another request; wait until it is done and send again."
    ),
    "uq_tools_org_name": (
        BadRequest, "There is a tool of this name already; rename the function, or change that tool."
    ),
    "uq_messages_agent_otid": (
        Conflict, "A message with this `otid` was already sent to the agent; list its messages."
    ),
}  # fmt: skip
"""Constraint names to what they mean to a client."""


def from_postgres(error: asyncpg.PostgresError) -> AppError | None:
    """What a database error means to a client, or None when it is our own fault."""
    named = SQL_ERRORS.get(constraint_of(error))
    if named:
        return named[0](named[1])
    match error:
        case asyncpg.UniqueViolationError():
            return Conflict("An object with the same key already exists.")
        case asyncpg.ForeignKeyViolationError():
            return NotFound("An object that the request refers to does not exist (any more).")
        case asyncpg.QueryCanceledError() | asyncpg.LockNotAvailableError() | asyncpg.DeadlockDetectedError():
            return Unavailable("The database took too long for this request; try again.")
        case (
            asyncpg.PostgresConnectionError() | asyncpg.CannotConnectNowError() | asyncpg.AdminShutdownError()
        ):
            return Unavailable("The database went away during this request; try again.")
        case _:
            return None


OUTAGES = (
    Unavailable, OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
)  # fmt: skip


def is_outage(error: BaseException) -> bool:
    """Whether the database went away, rather than refused: what was under way can be done later."""
    return isinstance(error, OUTAGES)


def constraint_of(error: asyncpg.PostgresError) -> str:
    """The name of the violated constraint, or an empty text."""
    return getattr(error, "constraint_name", None) or ""
