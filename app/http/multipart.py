"""Reads a form with a file, by the standard library's parser of MIME messages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser

from starlette.requests import Request

from app.errors import Unprocessable
from app.telemetry import metrics

MAX_BYTES = 64 * 1024 * 1024


@dataclass
class Form:
    """The fields of a form as text, and its files as bytes."""

    fields: dict[str, str] = field(default_factory=dict[str, str])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def flag(self, name: str, *, default: bool) -> bool:
        """A field that is true or false. Raises Unprocessable for anything else."""
        text = self.fields.get(name)
        if text is None:
            return default
        if text.lower() not in {"true", "false", "1", "0"}:
            raise Unprocessable(f"The request is not valid: {name}: {text!r} is neither true nor false.")
        return text.lower() in {"true", "1"}


async def read(request: Request) -> Form:
    """The form of a request. Raises Unprocessable for a body that is none, or too large a one."""
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise Unprocessable("The request is not valid: send multipart/form-data with a part `file`.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise Unprocessable(f"The form is larger than {MAX_BYTES // 1024 // 1024} MiB.")
    form = await asyncio.to_thread(_parsed, kind, bytes(body))
    for content in form.files.values():
        metrics.UPLOAD_BYTES.observe(len(content))
    return form


def _parsed(kind: str, body: bytes) -> Form:
    header = b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser().parsebytes(header + body)
    parts = message.get_payload()
    if not message.is_multipart() or not isinstance(parts, list):
        raise Unprocessable("The request is not valid: the body is no multipart form.")
    form = Form()
    for part in parts:
        assert isinstance(part, Message)
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(data, bytes):
            continue
        if part.get_filename() is not None:
            form.files[name] = data
        else:
            form.fields[name] = data.decode("utf-8", "replace")
    return form
