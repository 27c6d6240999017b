"""Checks a request against the whole of botocore's model before it is sent.

botocore itself looks at names, types and minima only, and an emulator accepts what AWS refuses: values
outside an enum, texts that are too long or against the pattern. AWS checks that, so a rehearsal has to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from local.plugins.aws.resource import ResourceError

_MEASURED = {"string": "characters", "list": "items", "map": "entries"}
_NUMBERS = ("integer", "long", "float", "double")
# Java's Unicode classes, which Python's `re` lacks; a little wider than the original.
_CLASSES = {"\\p{L}": "\\w", "\\p{N}": "\\d", "\\p{Z}": "\\s", "\\p{Zs}": "\\s", "\\p{Alnum}": "a-zA-Z0-9"}


class InvalidRequestError(ResourceError):
    """A request that AWS would refuse; the message names operation, parameters and reasons."""


def check(params: Mapping[str, Any], model: Any, **_event: object) -> None:
    """Handler of botocore's `before-parameter-build`; InvalidRequestError lists everything that is wrong."""
    if model.input_shape is None:
        return
    wrong = list(_problems(params, model.input_shape, ""))
    if wrong:
        service = model.service_model.service_name
        raise InvalidRequestError(f"{service} {model.name} would be refused by AWS: {'; '.join(wrong)}")


def _problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    if value is None:
        return  # botocore's own check says that null is no value
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        for name, item in members.items():
            if name in shape.members:  # botocore's own check names the others
                yield from _problems(item, shape.members[name], f"{path}.{name}" if path else name)
        return
    yield from _own_problems(value, shape, path)
    if shape.type_name == "list" and isinstance(value, (list, tuple)):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _problems(item, shape.member, f"{path}[{index}]")
    elif shape.type_name == "map" and isinstance(value, Mapping):
        for key, item in cast("Mapping[str, Any]", value).items():
            yield from _problems(key, shape.key, f"{path} (key {key!r})")
            yield from _problems(item, shape.value, f"{path}[{key!r}]")


def _own_problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    """What is wrong with this value itself."""
    limits = shape.metadata
    size = _size(value, shape.type_name)
    if size is not None and not limits.get("min", size) <= size <= limits.get("max", size):
        unit = _MEASURED.get(shape.type_name, "")
        yield f"{path} has {size} {unit}".rstrip() + f", allowed are {_range(limits)}"
    if isinstance(value, str):
        enum: list[str] = limits.get("enum", [])
        if enum and value not in enum:
            yield f"{path} is {_shown(value, limits)}, allowed are {', '.join(enum)}"
        pattern = _compiled(limits["pattern"]) if "pattern" in limits else None
        if pattern is not None and not pattern.fullmatch(value):
            yield f"{path} is {_shown(value, limits)}, which does not match {limits['pattern']}"


def _size(value: Any, kind: str) -> float | None:
    """What a model's `min` and `max` measure; None for what they do not."""
    if kind in _NUMBERS and isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if kind in _MEASURED and isinstance(value, (str, list, tuple, dict)):
        return len(cast("str | list[Any]", value))
    return None


def _range(limits: Mapping[str, Any]) -> str:
    return f"{limits.get('min', 'any')} to {limits.get('max', 'any')}"


def _shown(value: str, limits: Mapping[str, Any]) -> str:
    return "a secret" if limits.get("sensitive") else repr(value if len(value) <= 80 else f"{value[:77]}...")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern for Python; None for the few that cannot be expressed."""
    for theirs, ours in _CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    try:
        return re.compile(pattern)
    except re.error:
        return None
