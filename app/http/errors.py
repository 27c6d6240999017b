"""How errors look on the wire. Nothing internal (tracebacks, SQL) reaches a client."""

from __future__ import annotations

import logging
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.errors import AppError, Unavailable, Unprocessable, from_postgres

log = logging.getLogger("roost.http")


def render(error: AppError) -> Response:
    """The response for an error, with the headers that steer letta-client's retries."""
    headers: dict[str, str] = {}
    if error.retry is not None:
        headers["x-should-retry"] = "true" if error.retry else "false"
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    body = orjson.dumps(error.body)
    return Response(body, status_code=error.status, headers=headers, media_type="application/json")


def install(app: FastAPI) -> None:
    """Register the handlers; unexpected exceptions are rendered by the ASGI middleware."""

    async def known(_: Request, error: Exception) -> Response:
        assert isinstance(error, AppError)
        return render(error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = "; ".join(_fault(fault) for fault in error.errors())
        return render(Unprocessable(f"The request is not valid: {faults}."))

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        response = Response(
            orjson.dumps({"detail": error.detail}), error.status_code, media_type="application/json"
        )
        response.headers.update(error.headers or {})
        return response

    async def database(_: Request, error: Exception) -> Response:
        assert isinstance(error, asyncpg.PostgresError)
        meant = from_postgres(error)
        if meant is None:
            raise error
        return render(meant)

    async def slow(_: Request, error: Exception) -> Response:
        log.error("a database statement timed out", exc_info=error)
        return render(Unavailable("The database took too long for this request; try again."))

    app.add_exception_handler(AppError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(asyncpg.PostgresError, database)
    app.add_exception_handler(TimeoutError, slow)


def _fault(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"] if part not in {"body", "query", "path"})
    text = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {text}" if where else text
