"""The text in the arguments of a call while they are still being written."""

from __future__ import annotations

import re
from enum import Enum, auto

import orjson

PIECE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u(?![dD][89abAB])[0-9a-fA-F]{4}"
    r"|\\[^u]|[^\"\\]+"
)
"""What can be decoded by itself: characters, escapes, and pairs of surrogates only together."""


class _At(Enum):
    BETWEEN = auto()
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    TEXT = auto()
    OTHER = auto()


class Texts:
    """Reads a JSON object piece by piece and gives the text of its string fields as soon as it is there."""

    def __init__(self) -> None:
        self._at = _At.BETWEEN
        self._key = ""
        self._rest = ""
        self._depth = 0
        self._quoted = False

    def feed(self, piece: str) -> list[tuple[str, str]]:
        """Take more of the JSON: pairs of a field's name and what was added to its text."""
        found: list[tuple[str, str]] = []
        text, position = self._rest + piece, 0
        self._rest = ""
        while position < len(text):
            if self._at in {_At.KEY, _At.TEXT}:
                decoded, position, closed = _string(text, position)
                if self._at is _At.KEY:
                    self._key += decoded
                elif decoded:
                    found.append((self._key, decoded))
                if closed:
                    self._at = _At.COLON if self._at is _At.KEY else _At.BETWEEN
                elif position < len(text):
                    self._rest = text[position:]  # an escape that is not complete yet
                    break
            else:
                self._structure(text[position])
                position += 1
        return found

    def _structure(self, character: str) -> None:
        match self._at:
            case _At.BETWEEN if character == '"':
                self._at, self._key = _At.KEY, ""
            case _At.COLON if character == ":":
                self._at = _At.VALUE
            case _At.VALUE if character == '"':
                self._at = _At.TEXT
            case _At.VALUE if not character.isspace():
                self._at, self._depth, self._quoted = _At.OTHER, 0, False
                self._skip(character)
            case _At.OTHER:
                self._skip(character)
            case _:
                pass

    def _skip(self, character: str) -> None:
        """Pass a value that is no text; strings within it have no escapes that matter but quotes."""
        if character == '"':
            self._quoted = not self._quoted
        elif not self._quoted and character in "{[":
            self._depth += 1
        elif not self._quoted and character in "}]":
            self._depth -= 1
        if self._depth <= 0 and not self._quoted and character in ",}]":
            self._at = _At.BETWEEN


def _string(text: str, position: int) -> tuple[str, int, bool]:
    """What can be read of a string, where that ends, and whether the string does."""
    start = position
    while match := PIECE.match(text, position):
        position = match.end()
    raw = re.sub(r"[\x00-\x1f]", " ", text[start:position])
    try:
        decoded = orjson.loads(f'"{raw}"')
    except orjson.JSONDecodeError:
        decoded = ""
    if position < len(text) and text[position] == '"':
        return decoded, position + 1, True
    return decoded, position, False
