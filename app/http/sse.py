"""Server-sent events: a response fed from a queue, with keepalives, that never holds up the producer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.telemetry import metrics

MAX_WAITING = 10_000
"""Events that may wait for a slow client; beyond that it is cut off."""

DONE = b"data: [DONE]\n\n"


def event(value: object, name: str | None = None) -> bytes:
    """One event on the wire."""
    head = b"event: " + name.encode() + b"\n" if name else b""
    return head + b"data: " + orjson.dumps(value) + b"\n\n"


class Channel:
    """Where a producer puts events and a response takes them. Closing it ends the response."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._open = True
        self.reason = "completed"
        """Why it was closed."""

    def put(self, data: bytes) -> None:
        """Add an event; dropped when nobody listens any more."""
        if not self._open:
            return
        if self._queue.qsize() >= MAX_WAITING:
            self.close("slow")
            return
        self._queue.put_nowait(data)

    def close(self, reason: str = "completed") -> None:
        """End the stream after what is already waiting."""
        if self._open:
            self._open, self.reason = False, reason
            self._queue.put_nowait(None)

    async def take(self, seconds: float) -> bytes | None:
        """Everything that is waiting, or None at the end. Raises TimeoutError after `seconds` of silence."""
        first = await asyncio.wait_for(self._queue.get(), seconds)
        if first is None:
            return None
        pieces = [first]
        while not self._queue.empty():
            following = self._queue.get_nowait()
            if following is None:
                self._queue.put_nowait(None)
                break
            pieces.append(following)
        return b"".join(pieces)


class StreamResponse(Response):
    """Relays a channel. The client's going away ends the response, not the producer."""

    def __init__(
        self,
        channel: Channel,
        *,
        ping: Callable[[], bytes],
        ping_seconds: float,
        producer: asyncio.Task[None] | None = None,
    ) -> None:
        """`producer` feeds the channel for this response alone and ends with it."""
        self._channel = channel
        self._producer = producer
        self._ping = ping
        self._ping_seconds = ping_seconds
        self.status_code = 200
        self.background = None
        self.raw_headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-cache"),
            (b"x-accel-buffering", b"no"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind: str = scope["state"]["route_class"]
        began = perf_counter()
        metrics.STREAMS.labels(kind).inc()
        try:
            await self._relay(receive, send)
        finally:
            metrics.STREAMS.labels(kind).dec()
            metrics.STREAM_ENDS.labels(self._channel.reason, kind).inc()
            metrics.STREAM_MS.labels(kind).observe((perf_counter() - began) * 1000)

    async def _relay(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        watcher = asyncio.get_running_loop().create_task(self._watch(receive), name="disconnect watcher")
        try:
            while (data := await self._next()) is not None:
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._channel.close("error")
            watcher.cancel()
            if self._producer is not None:
                self._producer.cancel()

    async def _next(self) -> bytes | None:
        try:
            return await self._channel.take(self._ping_seconds)
        except TimeoutError:
            return self._ping()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._channel.close("client")
