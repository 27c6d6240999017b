"""Which parts of an object are secret: what the program marked, and the data of Secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.plugins.base import secrets
from local.plugins.base.secrets import strings_of, unmarked
from local.plugins.base.values import Properties, Secret, Value, plain

__all__ = ["marked", "secret_strings", "unmarked"]

_SECRET_FIELDS = ("data", "stringData")


def marked(obj: Mapping[str, Any], like: Mapping[str, Value]) -> Properties:
    """The object with secret marks wherever `like` has them, and on the data of a Secret."""
    result = secrets.marked(obj, like)
    if obj.get("kind") == "Secret":
        for field in _SECRET_FIELDS:
            if field in result and not isinstance(result[field], Secret):
                result[field] = Secret(plain(result[field]))
    return result


def secret_strings(properties: Mapping[str, Value]) -> set[str]:
    """The texts that no message may show."""
    found = secrets.secret_strings(dict(properties))
    if plain(properties.get("kind")) == "Secret":
        for field in _SECRET_FIELDS:
            found |= strings_of(plain(properties.get(field)))
    return found
