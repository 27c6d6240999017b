"""Sends spans to an OpenTelemetry collector: OTLP over HTTP, as JSON, in batches, from a bounded queue.

A collector that is slow or away costs spans, which are counted, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from app import __version__
from app.settings_telemetry import TelemetrySettings
from app.telemetry import metrics, tracing
from app.telemetry.tracing import Span, Value

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger("roost.otlp")

QUEUE = 4096
BATCH = 512
PAUSE_SECONDS = 1.0
SEND_SECONDS = 10.0
ATTEMPTS = 3
LAST_SECONDS = 3.0
"""For what is left at the end of the process."""
WARN_AFTER = 60.0
RETRIED = frozenset({429, 502, 503, 504})
KINDS = {"internal": 1, "server": 2, "client": 3}


@dataclass(frozen=True)
class Collector:
    """Where spans go, and as whose."""

    endpoint: str
    """`http://host:4318`."""
    headers: Mapping[str, str]
    resource: Mapping[str, str]


async def export(settings: TelemetrySettings) -> None:
    """Send the process's spans to the settings' collector, until cancelled; nothing to do without one."""
    if settings.otlp_endpoint is None:
        return
    exporter = Exporter(
        Collector(settings.otlp_endpoint, settings.headers_of_collector(), settings.resource_attributes())
    )
    tracing.Spans.exporter = exporter
    try:
        await exporter.run()
    finally:
        tracing.Spans.exporter = None


class Exporter:
    """The process's exporter. `run` it as a task."""

    def __init__(self, collector: Collector) -> None:
        self._url = collector.endpoint.rstrip("/") + "/v1/traces"
        self._headers = {**collector.headers, "content-type": "application/json"}
        self._resource = _attributes(
            {"letta.version": __version__, "host.name": socket.gethostname(), **collector.resource}
        )
        self._queue: deque[Span] = deque()
        self._warned = float("-inf")

    def put(self, span: Span) -> None:
        """Add a span; dropped and counted when too many wait."""
        if len(self._queue) >= QUEUE:
            metrics.SPANS_DROPPED.inc()
        else:
            self._queue.append(span)

    async def run(self) -> None:
        """Send what comes until cancelled, and then, briefly, what is left."""
        import aiohttp

        limit = aiohttp.ClientTimeout(total=SEND_SECONDS)
        async with aiohttp.ClientSession(timeout=limit, headers=self._headers) as session:
            try:
                while True:
                    await asyncio.sleep(PAUSE_SECONDS)
                    await self._send_all(session)
            finally:
                try:
                    async with asyncio.timeout(LAST_SECONDS):
                        await self._send_all(session)
                except TimeoutError:
                    metrics.SPANS_DROPPED.inc(len(self._queue))

    async def _send_all(self, session: aiohttp.ClientSession) -> None:
        while self._queue:
            spans = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            try:
                fault = await self._send(session, orjson.dumps(self._document(spans)))
            except BaseException:
                metrics.SPANS_DROPPED.inc(len(spans))
                raise
            if fault is None:
                metrics.SPANS_SENT.inc(len(spans))
                continue
            metrics.SPANS_DROPPED.inc(len(spans))
            now = asyncio.get_running_loop().time()
            if now - self._warned >= WARN_AFTER:
                self._warned = now
                log.warning("cannot send spans to the collector: %s", fault, extra={"spans": len(spans)})

    async def _send(self, session: aiohttp.ClientSession, body: bytes) -> str | None:
        """Within ATTEMPTS; why it did not work."""
        import aiohttp

        fault = None
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS * attempt)
            try:
                async with session.post(self._url, data=body, allow_redirects=False) as response:
                    if response.status == 200:
                        return None
                    fault = f"HTTP {response.status}"
                    if response.status not in RETRIED:
                        return fault
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                fault = type(error).__name__
        return fault

    def _document(self, spans: list[Span]) -> dict[str, Any]:
        scope = {"name": "roost", "version": __version__}
        return {
            "resourceSpans": [
                {
                    "resource": {"attributes": self._resource},
                    "scopeSpans": [{"scope": scope, "spans": [_wire(span) for span in spans]}],
                }
            ]
        }


def _wire(span: Span) -> dict[str, Any]:
    """OTLP's JSON: ids as hex, times as decimal strings."""
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "traceState": span.state,
        "flags": int(span.sampled),
        "name": span.name,
        "kind": KINDS[span.kind],
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _attributes(span.attributes),
        "status": {"code": 2, "message": span.error} if span.error else {},
    }


def _attributes(values: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": value}
