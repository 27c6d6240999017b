"""Model providers over a real socket, for one event loop: any protocol, answers decided by the test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any
    raw: bytes


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Provider:
    """The running server."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    """Taken from the front; the last one stays."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by every request."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client closed its connection before an answer was over."""
    busy: int = 0
    busiest: int = 0


@contextlib.asynccontextmanager
async def serving(*answers: Answer) -> AsyncGenerator[Provider]:
    """Serve on a loopback port."""
    provider = Provider(answers=list(answers))

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        provider.seen.append(
            Seen(request.method, request.raw_path.partition("?")[0], request.query_string,
                 {name.lower(): value for name, value in request.headers.items()}, body, raw)
        )  # fmt: skip
        provider.arrived.set()
        provider.busy += 1
        provider.busiest = max(provider.busiest, provider.busy)
        answer = provider.answers[0] if len(provider.answers) == 1 else provider.answers.pop(0)
        try:
            return await answer(request)
        except (asyncio.CancelledError, ConnectionResetError):
            provider.gone.set()
            raise
        finally:
            provider.busy -= 1

    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield provider
    finally:
        await runner.cleanup()


def says(body: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON answer."""

    async def answer(_: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response(body, status=status, headers=named)

    return answer


def streams(*pieces: bytes, hang: bool = False, cut: bool = False) -> Answer:
    """A body in pieces; `hang` never ends it, `cut` drops the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        if hang:
            await asyncio.sleep(60)
        if cut and request.transport is not None:
            request.transport.abort()
        return response

    return answer


def sse(*events: Any, named: bool = False) -> list[bytes]:
    """Server-sent events; `named` adds Anthropic's `event:` lines."""
    return [
        (f"event: {event['type']}\n" if named else "").encode()
        + b"data: " + (event if isinstance(event, str) else json.dumps(event)).encode() + b"\n\n"
        for event in events
    ]  # fmt: skip


def frame(name: str, payload: Any, kind: str = "event") -> bytes:
    """A message of Amazon's event stream, as Bedrock sends it."""
    headers = {
        f":{'event' if kind == 'event' else 'exception'}-type": name,
        ":content-type": "application/json",
        ":message-type": kind,
    }
    packed = b"".join(
        struct.pack(">B", len(key)) + key.encode() + struct.pack(">BH", 7, len(value)) + value.encode()
        for key, value in headers.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(packed) + len(body), len(packed))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + packed + body
    return message + struct.pack(">I", zlib.crc32(message))
