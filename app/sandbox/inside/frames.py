"""What goes over the pipe of a call: a kind, a length, and JSON or text."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

HEAD = struct.Struct("=cI")
RESULT, STDOUT, STDERR = b"r", b"o", b"e"


def pack(kind: bytes, body: bytes) -> bytes:
    """One frame."""
    return HEAD.pack(kind, len(body)) + body


class Reader:
    """Frames out of bytes as they come."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The frames that are whole now."""
        self._buffer += data
        while len(self._buffer) >= HEAD.size:
            kind, length = HEAD.unpack_from(self._buffer)
            end = HEAD.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[HEAD.size : end])
            del self._buffer[:end]
            yield kind, body


def read_one(channel: socket.socket) -> bytes:
    """The body of the first frame. Raises EOFError when there is none."""
    reader = Reader()
    while data := channel.recv(1 << 16):
        for _, body in reader.feed(data):
            return body
    raise EOFError
