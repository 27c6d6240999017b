"""What a tool prints: sent line by line, and no more than anybody will read."""

from __future__ import annotations

import io
import socket
import threading

from . import frames

MAX_CHARACTERS = 65_536


class Output(io.TextIOBase):
    """Stands in for `sys.stdout` or `sys.stderr`."""

    def __init__(self, channel: socket.socket, kind: bytes, lock: threading.Lock) -> None:
        super().__init__()
        self._channel, self._kind, self._lock = channel, kind, lock
        self._pending: list[str] = []
        self._left = MAX_CHARACTERS

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        kept = text[: self._left]
        self._left -= len(kept)
        if kept:
            self._pending.append(kept)
            if "\n" in kept:
                self.flush()
        return len(text)

    def flush(self) -> None:
        text, self._pending = "".join(self._pending), []
        if text:
            with self._lock:
                self._channel.sendall(frames.pack(self._kind, text.encode("utf-8", "replace")))
