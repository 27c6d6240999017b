"""A lean HTTP/1.1 client: on a small machine whatever the load generator uses, the server does not get."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

import orjson

TIMEOUT_SECONDS = 120.0


class HttpError(Exception):
    """The server answered with an error, or not in HTTP."""


@dataclass(frozen=True)
class Answer:
    """One response; `first` is when the first token of a stream came, else when the head did."""

    body: bytes
    first: float


class Connection:
    """A kept-alive connection, one request at a time."""

    def __init__(self, host: str, port: int, headers: dict[str, str]) -> None:
        self._address = host, port
        common = {"host": f"{host}:{port}", "content-type": "application/json", **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in common.items())
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: object = None, token: bytes = b"") -> Answer:
        """Send and read to the end. Raises HttpError for any status but 2xx.

        `token` marks the first event that counts in a stream.
        """
        data = b"" if body is None else orjson.dumps(body)
        head = f"{method} {path} HTTP/1.1\r\n{self._head}content-length: {len(data)}\r\n\r\n"
        async with asyncio.timeout(TIMEOUT_SECONDS):
            if self._streams is None:
                self._streams = await asyncio.open_connection(*self._address, limit=1 << 20)
            reader, writer = self._streams
            writer.write(head.encode() + data)
            try:
                return await self._read(reader, f"{method} {path}", token)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.close()
                raise HttpError(f"{method} {path}: the connection broke ({type(error).__name__})") from error

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _read(self, reader: asyncio.StreamReader, what: str, token: bytes) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        first = perf_counter()
        status = int(head[9:12])
        if b"transfer-encoding: chunked" in head:
            body, first = await _chunks(reader, token, first)
        else:
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
        if b"connection: close" in head:
            self.close()
        if not 200 <= status < 300:
            raise HttpError(f"{what} answered {status}: {body[:500].decode(errors='replace')}")
        return Answer(body, first)


async def _chunks(reader: asyncio.StreamReader, token: bytes, first: float) -> tuple[bytes, float]:
    parts: list[bytes] = []
    waiting = bool(token)
    while size := int(await reader.readuntil(b"\r\n"), 16):
        part = (await reader.readexactly(size + 2))[:-2]
        if waiting and token in part:
            first, waiting = perf_counter(), False
        parts.append(part)
    await reader.readuntil(b"\r\n")
    if waiting:
        raise HttpError("the stream ended without a token")
    return b"".join(parts), first
