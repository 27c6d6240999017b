"""One JSON object per line on stdout. Never what was said: content belongs to the agent's user."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping

import orjson

_LOGGER = logging.getLogger("standin")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return orjson.dumps(fields).decode()


def configure_logging() -> None:
    """Send everything, uvicorn's lines too, to stdout as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def log_request(fields: Mapping[str, object]) -> None:
    """One line for one answered request."""
    _LOGGER.info("request", extra={"fields": fields})
