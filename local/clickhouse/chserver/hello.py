"""What ClickHouse's Go client asks first, and the collector's exporter with it.

The client wants this one answer in the form of its own revision of the native format, and from then on speaks
the revision that it is told. The engine writes the oldest one, 0, so that is what it is told.
"""

from __future__ import annotations

import struct

QUESTION = b"SELECT displayName(), version(), revision(), timezone()"
_NAME = "roost"
_BLOCK_INFO = b"\x01\x00\x02" + struct.pack("<i", -1) + b"\x00"
"""Of revisions above 0: neither an overflow, nor of a bucket."""
_CUSTOM_SERIALIZATION = 54454
"""From this revision on, each column says whether its data are written in another way than usual."""


def hello(version: str, revision: int) -> bytes:
    """The answer, as one block of the client's revision."""
    columns = (
        ("displayName()", "String", _text(_NAME)),
        ("version()", "String", _text(version)),
        ("revision()", "UInt32", struct.pack("<I", 0)),
        ("timezone()", "String", _text("UTC")),
    )
    custom = b"\x00" if revision >= _CUSTOM_SERIALIZATION else b""
    block = bytes([len(columns), 1])
    for name, kind, data in columns:
        block += _text(name) + _text(kind) + custom + data
    return (_BLOCK_INFO if revision else b"") + block


def _text(text: str) -> bytes:
    """With its length before it; all of these are shorter than 128."""
    return bytes([len(text)]) + text.encode()
