"""Secret marks: carried from inputs to outputs, and kept out of messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from local.plugins.base.values import Properties, Secret, Value, plain

# Anything shorter is no secret, and would blank out ordinary words.
_SHORTEST_SECRET = 5


def marked(values: Mapping[str, Any], like: Mapping[str, Value]) -> Properties:
    """The values with secret marks wherever `like` has them."""
    return cast("Properties", _mark(dict(values), dict(like)))


def unmarked(properties: Mapping[str, Value]) -> dict[str, Any]:
    """The properties without secret marks and without nulls."""
    return {
        key: _without_nulls(plain(value)) for key, value in properties.items() if plain(value) is not None
    }


def secret_strings(value: Value) -> set[str]:
    """The texts under secret marks: what no message may show."""
    if isinstance(value, Secret):
        return strings_of(plain(value))
    if isinstance(value, dict):
        return {text for item in value.values() for text in secret_strings(item)}
    if isinstance(value, list):
        return {text for item in value for text in secret_strings(item)}
    return set()


def strings_of(value: Any) -> set[str]:
    """Every non-trivial string inside a JSON value."""
    if isinstance(value, str):
        # Single lines of a long secret are echoed too.
        return {part for part in {value, *value.splitlines()} if len(part) >= _SHORTEST_SECRET}
    if isinstance(value, dict):
        return {text for item in value.values() for text in strings_of(item)}
    if isinstance(value, list):
        return {text for item in value for text in strings_of(item)}
    return set()


def scrub(text: str, secrets: set[str]) -> str:
    """The text with each secret value replaced, longest first so that none survives inside another."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text


def _mark(value: Any, like: Value) -> Value:
    if isinstance(like, Secret):
        return Secret(value)
    if isinstance(value, dict) and isinstance(like, dict):
        fields = cast("dict[str, Any]", value)
        return {key: _mark(item, like[key]) if key in like else item for key, item in fields.items()}
    if isinstance(value, list) and isinstance(like, list):
        items = cast("list[Any]", value)
        return [_mark(item, like[i]) if i < len(like) else item for i, item in enumerate(items)]
    return value


def _without_nulls(value: Value) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
