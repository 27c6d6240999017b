"""Traces: W3C trace context in and out, and spans of requests, steps, model calls and tools, without content.

Ids are made whether or not spans are exported, so that every line of the log has its `trace_id`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from secrets import token_hex
from time import time_ns
from typing import Literal, Protocol

Value = str | int | float | bool
Kind = Literal["internal", "server", "client"]

TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
TRACESTATE = re.compile(rb"[\x20-\x7e]{0,512}")
"""What is passed on; W3C asks for at least as many bytes."""
NAME_LENGTH = 128
"""Of a span's name; models invent names of tools."""


@dataclass(slots=True)
class Span:
    """Something that took time. `attributes` hold ids and numbers, never content."""

    name: str
    kind: Kind
    trace_id: str
    span_id: str
    parent_id: str
    sampled: bool
    state: str = ""
    attributes: dict[str, Value] = field(default_factory=dict[str, Value])
    error: str | None = None
    """What went wrong, by its kind."""
    start_ns: int = 0
    end_ns: int = 0


class Exporter(Protocol):
    """Takes ended spans; never blocks and never fails."""

    def put(self, span: Span) -> None:
        """Add a span."""
        ...


class Spans:
    """Where ended spans of this process go; nowhere until there is an exporter."""

    exporter: Exporter | None = None


_current: ContextVar[Span | None] = ContextVar("span", default=None)


def current() -> Span | None:
    """The span that the running task is in."""
    return _current.get()


def begun(headers: Mapping[bytes, bytes]) -> Span:
    """A request's span: part of the caller's trace if it names one, else of a new one."""
    given = TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    if given is None:
        return Span("", "server", token_hex(16), token_hex(8), "", sampled=True, start_ns=time_ns())
    trace_id, parent_id, flags = given[1].decode(), given[2].decode(), int(given[3], 16)
    state = headers.get(b"tracestate", b"")
    state = state.decode() if TRACESTATE.fullmatch(state) else ""
    return Span("", "server", trace_id, token_hex(8), parent_id, bool(flags & 1), state, start_ns=time_ns())


def ended(span: Span) -> None:
    """Hand an ended span to the exporter, if it is wanted."""
    span.end_ns = time_ns()
    if Spans.exporter is not None and span.sampled:
        Spans.exporter.put(span)


@contextmanager
def within(span: Span) -> Generator[Span]:
    """Make it the current span; who began it ends it."""
    token = _current.set(span)
    try:
        yield span
    finally:
        _current.reset(token)


@contextmanager
def span(
    name: str, attributes: Mapping[str, Value] | None = None, *, kind: Kind = "internal"
) -> Generator[Span]:
    """A span within the current one, or of a new trace where there is none."""
    child = _child(name, kind, dict(attributes or {}))
    try:
        with within(child):
            yield child
    except BaseException as error:
        child.error = str(getattr(error, "kind", type(error).__name__))
        raise
    finally:
        ended(child)


def passed(name: str, seconds: float) -> None:
    """A span that ends now and took so long."""
    child = _child(name, "internal", {})
    child.start_ns -= int(seconds * 1e9)
    ended(child)


def headers() -> dict[str, str]:
    """What tells the callee of our trace; empty outside of one."""
    span = _current.get()
    if span is None:
        return {}
    found = {"traceparent": f"00-{span.trace_id}-{span.span_id}-{span.sampled:02x}"}
    return found | {"tracestate": span.state} if span.state else found


def _child(name: str, kind: Kind, attributes: dict[str, Value]) -> Span:
    parent, name = _current.get(), name[:NAME_LENGTH]
    if parent is None:
        return Span(name, kind, token_hex(16), token_hex(8), "", True, "", attributes, start_ns=time_ns())
    return Span(
        name, kind, parent.trace_id, token_hex(8), parent.span_id, parent.sampled, parent.state, attributes,
        start_ns=time_ns(),
    )  # fmt: skip
