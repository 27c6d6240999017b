"""The one middleware: path spelling, request id, authentication, metrics, access log, last-resort errors.

Pure ASGI: a `BaseHTTPMiddleware` would cost a task and a queue per request, and per chunk of a stream.
"""

from __future__ import annotations

import logging
import re
from time import perf_counter
from typing import Any
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AppError
from app.http.errors import render
from app.http.lifecycle import Lifecycle
from app.security.audit import Act
from app.security.auth import OPEN_PATHS, Actor
from app.security.identity import Identity
from app.telemetry import logs, metrics

log = logging.getLogger("roost.access")

REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
HEAD_BYTES = 128
"""As much of an answer as holds the id of what was created."""

QUIET = OPEN_PATHS
"""Probes and scrapes are not logged unless they fail."""


class Middleware:
    """Wraps the application; one instance per process."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self._app = app
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, send, draining=self._lifecycle.draining)
        token = logs.request_id.set(request.id)
        with self._lifecycle.request():
            try:
                await self._answer(request, scope, receive)
            finally:
                request.finish()
                logs.request_id.reset(token)

    async def _answer(self, request: _Request, scope: Scope, receive: Receive) -> None:
        scope["state"]["request_id"] = request.id
        try:
            if scope["path"] not in OPEN_PATHS:
                await request.identity.guard.admit(scope, request.headers)
            await self._app(scope, receive, request.send)
        except AppError as error:  # from the guard; the application renders its own
            await request.reject(error, receive)
        except Exception:  # the request supervisor
            logging.getLogger("roost.http").exception("unexpected error")
            if request.status:
                raise  # too late for a response: uvicorn cuts the connection
            fault = AppError(f"An unknown error occurred; the server's log has it as request {request.id}.")
            await request.reject(fault, receive)


class _Request:
    """What we know of one request while it is answered."""

    def __init__(self, scope: Scope, send: Send, *, draining: bool) -> None:
        self._scope = scope
        self._send = send
        self._draining = draining
        self._started = perf_counter()
        self.status = 0
        self.identity: Identity = scope["state"]["services"].identity
        self._head: bytes | None = None
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id", b"")
        self.id = given.decode() if REQUEST_ID.fullmatch(given) else uuid4().hex
        scope["path"] = path = _normal(scope["path"])
        scope["raw_path"] = path.encode()

    async def send(self, message: Message) -> None:
        """Pass a message on; the response's start gets our headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            extra = [(b"x-request-id", self.id.encode())]
            if self._draining:
                extra.append((b"connection", b"close"))
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        elif self._head is None:
            self._head = message.get("body", b"")[:HEAD_BYTES]
        await self._send(message)

    async def reject(self, error: AppError, receive: Receive) -> None:
        """Answer with an error instead of the application."""
        await render(error)(self._scope, receive, self.send)

    def finish(self) -> None:
        """Count and log the request."""
        seconds = perf_counter() - self._started
        route = getattr(self._scope.get("route"), "path", "unmatched")
        method: str = self._scope["method"]
        metrics.REQUESTS.labels(method, route, self.status).inc()
        metrics.REQUEST_SECONDS.labels(method, route).observe(seconds)
        if route in QUIET and self.status == 200:
            return
        fields: dict[str, Any] = {
            "method": method,
            "path": self._scope["path"],
            "route": route,
            "status": self.status,
            "duration_ms": round(seconds * 1000, 2),
        }
        actor: Actor | None = self._scope["state"].get("actor")
        if actor is not None:
            fields |= {"org_id": str(actor.org_id), "actor_id": str(actor.user_id)}
            query = self._scope["query_string"].decode(errors="replace")
            answered = self._head or b"" if self.status == 200 else b""
            self.identity.audit.record(
                actor, Act(method, self._scope["path"], query, self.status, self.id), answered
            )
        log.info("request", extra=fields)


def _normal(path: str) -> str:
    """One spelling for routing: no trailing slash, and upstream's `/latest` mount is `/v1`."""
    path = path.rstrip("/") or "/"
    return "/v1" + path[7:] if path == "/latest" or path.startswith("/latest/") else path
