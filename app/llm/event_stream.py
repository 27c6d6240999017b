"""Amazon's event stream: binary frames with headers, checksums and a payload.

A frame is: length of all (4 bytes), length of the headers (4), CRC-32 of these (4), headers, payload,
CRC-32 of all before it (4); numbers are big-endian.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

PRELUDE = struct.Struct(">III")
MAX_FRAME = 16 * 1024 * 1024
STRING = 7
_WIDTHS = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of the header types of fixed length; 6 and 7 say theirs."""


@dataclass(frozen=True)
class Frame:
    """One message: its text headers and its payload."""

    headers: dict[str, str]
    payload: bytes


async def frames(chunks: AsyncIterator[bytes]) -> AsyncIterator[Frame]:
    """The frames of a byte stream. Raises ValueError for one that is damaged or cut short."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        while (length := _length(waiting)) is not None and len(waiting) >= length:
            yield _frame(bytes(waiting[:length]))
            del waiting[:length]
    if waiting:
        raise ValueError("its event stream ends within a frame")


def _length(waiting: bytearray) -> int | None:
    """Of the next frame, when its beginning is there."""
    if len(waiting) < PRELUDE.size:
        return None
    length, _, checksum = PRELUDE.unpack_from(waiting)
    if zlib.crc32(waiting[:8]) != checksum or not PRELUDE.size + 4 <= length <= MAX_FRAME:
        raise ValueError("its event stream has a damaged frame")
    return length


def _frame(data: bytes) -> Frame:
    _, headers_length, _ = PRELUDE.unpack_from(data)
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "big"):
        raise ValueError("its event stream has a damaged frame")
    end = PRELUDE.size + headers_length
    return Frame(_headers(data[PRELUDE.size : end]), data[end:-4])


def _headers(data: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    at = 0
    while at < len(data):
        name_end = at + 1 + data[at]
        name, kind = data[at + 1 : name_end].decode(), data[name_end]
        at = name_end + 1
        if kind in _WIDTHS:
            at += _WIDTHS[kind]
            continue
        size = int.from_bytes(data[at : at + 2], "big")
        value, at = data[at + 2 : at + 2 + size], at + 2 + size
        if kind == STRING:
            headers[name] = value.decode()
    return headers
