"""Ready responses: bytes in, bytes out; no response models on the way."""

from __future__ import annotations

import orjson
from starlette.responses import Response


def json(value: object) -> Response:
    """A JSON response from Python values."""
    return Response(orjson.dumps(value), media_type="application/json")


def json_bytes(body: bytes | str) -> Response:
    """A JSON response from JSON text, as Postgres builds it."""
    return Response(body, media_type="application/json")
