"""The one middleware: path spelling, ids, authentication, metrics, span, access log, last-resort errors.

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
from app.telemetry import logs, metrics, tracing

log = logging.getLogger("roost.access")

REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
HEAD_BYTES = 128
"""As much of an answer as holds the id of what was created."""

PATH_LENGTH = 256
"""Of a path, as much as a span holds."""

IDS = re.compile(
    r"(?<=[/=])((agent|run|step|message|block|tool|archive|passage|job)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}"
    r"-[0-9a-f]{12})(?![^/?&])"
)
"""Ids in a path or a query."""

SENDING = ("/messages", "/messages/stream", "/messages/async")

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
        scope["state"]["request_id"], scope["state"]["route_class"] = request.id, request.route_class
        with (
            self._lifecycle.request(request.route_class),
            logs.bound(request.id, request.about),
            tracing.within(request.span),
        ):
            try:
                await self._answer(request, scope, receive)
            finally:
                request.finish()

    async def _answer(self, request: _Request, scope: Scope, receive: Receive) -> None:
        try:
            if scope["path"] not in OPEN_PATHS:
                await request.admit()
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
        self.route_class = _class(scope["method"], path)
        self.span = tracing.begun(self.headers)
        named = f"{path}?{scope['query_string'].decode('latin-1')}"
        self.about: dict[str, str] = {f"{kind}_id": whole for whole, kind in IDS.findall(named)}
        """Whom and what it is about."""

    async def admit(self) -> None:
        """Let the guard say who is calling, and whether they may."""
        began = perf_counter()
        try:
            await self.identity.guard.admit(self._scope, self.headers)
        finally:
            metrics.ADMISSION_MS.labels(self.route_class).observe((perf_counter() - began) * 1000)
            actor: Actor | None = self._scope["state"].get("actor")
            if actor is not None:
                self.about |= {"org_id": f"org-{actor.org_id}", "actor_id": f"user-{actor.user_id}"}

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
        if self.status == 504:
            metrics.TIMEOUTS.labels(self.route_class).inc()
        if self.route_class == "message":
            metrics.TURN_REQUESTS.labels(route, method, self.status).inc()
            metrics.TURN_MS.labels(route, method, self.status).observe(seconds * 1000)
        if route in QUIET and self.status == 200:
            return
        if self.route_class != "probe":
            self._trace(method, route)
        fields: dict[str, Any] = {
            "method": method,
            "path": self._scope["path"],
            "route": route,
            "status": self.status,
            "duration_ms": round(seconds * 1000, 2),
        }
        actor: Actor | None = self._scope["state"].get("actor")
        if actor is not None:
            query = self._scope["query_string"].decode(errors="replace")
            answered = self._head or b"" if self.status == 200 else b""
            self.identity.audit.record(
                actor, Act(method, self._scope["path"], query, self.status, self.id), answered
            )
        log.info("request", extra=fields)

    def _trace(self, method: str, route: str) -> None:
        self.span.name = f"{method} {route}"
        self.span.attributes = {
            "http.request.method": method,
            "http.route": route,
            "url.path": self._scope["path"][:PATH_LENGTH],
            "http.response.status_code": self.status,
            "request.id": self.id,
            **self.about,
        }
        if not 0 < self.status < 500:
            self.span.error = f"HTTP {self.status}" if self.status else "no answer"
        tracing.ended(self.span)


def _class(method: str, path: str) -> str:
    """What kind of request it is, before it is routed: one that runs a turn, a probe, or any other."""
    if path in OPEN_PATHS:
        return "probe"
    return "message" if method == "POST" and path.endswith(SENDING) else "api"


def _normal(path: str) -> str:
    """One spelling for routing: no trailing slash, and upstream's `/latest` mount is `/v1`."""
    path = path.rstrip("/") or "/"
    return "/v1" + path[7:] if path == "/latest" or path.startswith("/latest/") else path
