"""Splits a byte stream into server-sent events, in linear time."""

from __future__ import annotations

from collections.abc import AsyncIterator

MAX_EVENT = 8 * 1024 * 1024


async def events(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The `data:` payload of each event. Raises ValueError for an event of more than MAX_EVENT bytes."""
    pending: list[bytes] = []
    size = 0
    async for chunk in chunks:
        *complete, rest = chunk.split(b"\n")
        for line in complete:
            pending.append(line)
            whole = b"".join(pending).rstrip(b"\r")
            pending, size = [], 0
            if whole.startswith(b"data:"):
                yield whole[5:].strip()
        if rest:
            pending.append(rest)
            size += len(rest)
            if size > MAX_EVENT:
                raise ValueError(f"An event of the model's stream is longer than {MAX_EVENT} bytes.")
