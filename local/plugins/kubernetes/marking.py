"""Which parts of an object are secret: what the program marked, and the data of Secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from local.plugins.base.values import Properties, Secret, Value, plain
from local.plugins.kubernetes.errors import strings_of
from local.plugins.kubernetes.objects import Object

_SECRET_FIELDS = ("data", "stringData")


def unmarked(properties: Mapping[str, Value]) -> Object:
    """The properties without secret marks and without nulls, as the API wants them."""
    return {
        key: _without_nulls(plain(value)) for key, value in properties.items() if plain(value) is not None
    }


def marked(obj: Mapping[str, Any], like: Mapping[str, Value]) -> Properties:
    """The object with secret marks wherever `like` has them, and on the data of a Secret."""
    result = cast("Properties", _mark(dict(obj), dict(like)))
    if obj.get("kind") == "Secret":
        for field in _SECRET_FIELDS:
            if field in result and not isinstance(result[field], Secret):
                result[field] = Secret(plain(result[field]))
    return result


def secret_strings(properties: Mapping[str, Value]) -> set[str]:
    """The texts that no message may show."""
    found = _collect(dict(properties))
    if plain(properties.get("kind")) == "Secret":
        for field in _SECRET_FIELDS:
            found |= strings_of(plain(properties.get(field)))
    return found


def _collect(value: Value) -> set[str]:
    if isinstance(value, Secret):
        return strings_of(plain(value))
    if isinstance(value, dict):
        return {text for item in value.values() for text in _collect(item)}
    if isinstance(value, list):
        return {text for item in value for text in _collect(item)}
    return set()


def _mark(value: Any, like: Value) -> Value:
    if isinstance(like, Secret):
        return Secret(value)
    if isinstance(value, dict) and isinstance(like, dict):
        fields = cast("Object", value)
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
