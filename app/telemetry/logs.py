"""JSON logs on stdout, one object a line, with the ids of its request, trace and turn. Never content."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

from app.telemetry import tracing

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

fields: ContextVar[dict[str, str] | None] = ContextVar("log_fields", default=None)
"""Ids of whom and what the running request or turn is about; each line of the log has them."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """Upstream's field names, plus `request_id`, `trace_id`, `span_id` and whatever `extra` carries."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "module": record.module,
            "function": record.funcName,
            "line": record.lineno,
        }
        if current := request_id.get():
            entry["request_id"] = current
        if span := tracing.current():
            entry |= {"trace_id": span.trace_id, "span_id": span.span_id}
        entry |= fields.get() or {}
        entry |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info and record.exc_info[0]:
            entry["exception"] = {
                "type": record.exc_info[0].__name__,
                "message": str(record.exc_info[1]),
                "stacktrace": self.formatException(record.exc_info),
            }
        return orjson.dumps(entry, default=str).decode()


@contextmanager
def bound(request: str | None, about: dict[str, str]) -> Generator[None]:
    """Lines written within, and in tasks begun within, are of this request and about these ids."""
    tokens = request_id.set(request), fields.set(about)
    try:
        yield
    finally:
        request_id.reset(tokens[0])
        fields.reset(tokens[1])


def configure(level: str) -> None:
    """Send every logger of the process to stdout as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"  # our own access log replaces it
