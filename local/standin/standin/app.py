"""The HTTP surface: OpenAI's paths, their errors, and one log line per request."""

from __future__ import annotations

import time
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import CHAT_MODEL, EMBEDDING_MODEL
from .bert import SentenceEncoder
from .completion import complete, stream_body, whole_body
from .embedding import embed
from .errors import BadRequestError, RequestError
from .logs import log_request

MAX_BODY_BYTES = 16 * 1024 * 1024


def create_app() -> ASGIApp:
    """The application; loads the embedding model (about a second)."""
    encoder = SentenceEncoder()

    async def embeddings(request: Request) -> Response:
        body = await _json_body(request)
        return _json(await run_in_threadpool(embed, body, encoder))

    routes = [
        Route("/health", _health),
        Route("/v1/models", _models),
        Route("/v1/chat/completions", _chat, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
    ]
    return _AccessLog(Starlette(routes=routes, exception_handlers={RequestError: _refuse}))


async def _health(_request: Request) -> Response:
    return _json({"status": "ok", "kind": "scripted stand-in"})


async def _models(_request: Request) -> Response:
    models = [
        {"id": name, "object": "model", "created": 0, "owned_by": owner}
        for name, owner in (
            (CHAT_MODEL, "roost-scripted-stand-in"),
            (EMBEDDING_MODEL, "sentence-transformers"),
        )
    ]
    return _json({"object": "list", "data": models})


async def _chat(request: Request) -> Response:
    body = await _json_body(request)
    completion = complete(body)
    if not body.get("stream"):
        return _json(await whole_body(completion))
    include_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    events = stream_body(completion, include_usage=include_usage)
    return StreamingResponse(events, media_type="text/event-stream", headers={"cache-control": "no-cache"})


async def _json_body(request: Request) -> dict[str, Any]:
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_BODY_BYTES:
            raise BadRequestError(f"The body is larger than {MAX_BODY_BYTES} bytes.")
    try:
        body = orjson.loads(received)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise BadRequestError("The body must be a JSON object.")
    return body


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _json(error.body(), error.status)


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


class _AccessLog:
    """Pure ASGI, so that it neither buffers a stream nor hides that a client went away."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/health":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            took = round((time.perf_counter() - started) * 1000, 1)
            log_request({"method": scope["method"], "path": scope["path"], "status": status, "ms": took})
