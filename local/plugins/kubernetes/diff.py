"""What changed between two objects, and which changes need a new object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from local.plugins.base.changes import Change
from local.plugins.base.paths import Path, covers, parse, related
from local.plugins.base.values import UNKNOWN
from local.plugins.kubernetes.objects import Object

_MISSING = object()
_VOLATILE = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The leaves at which `new` differs from `old`; an unknown new value counts as different."""
    return list(_walk((), dict(old), dict(new)))


def mark(found: Iterable[Change], fields: Iterable[str]) -> list[Change]:
    """The changes; those at, below or above any of `fields` (dotted paths) need a new object."""
    patterns = [parse(field) for field in fields if field]
    return [
        replace(change, needs_new=True)
        if change.needs_new or any(related(pattern, change.path) for pattern in patterns)
        else change
        for change in found
    ]


def mark_refused(found: list[Change], fields: Iterable[str]) -> list[Change]:
    """As `mark`, for fields that the API server refused; all of them if it named none that we know."""
    marked = mark(found, fields)
    if any(change.needs_new for change in marked):
        return marked
    return [replace(change, needs_new=True) for change in found]


def outside(found: Iterable[Change], fields: Iterable[str]) -> list[Change]:
    """The changes that are neither at nor below any of `fields`."""
    patterns = [parse(field) for field in fields]
    return [change for change in found if not any(covers(pattern, change.path) for pattern in patterns)]


def same_object(one: Object, other: Object) -> bool:
    """Whether two answers of the API server say the same, but for its own bookkeeping."""
    return _stable(one) == _stable(other)


def _stable(obj: Object) -> Object:
    metadata: Object = {k: v for k, v in dict(obj.get("metadata") or {}).items() if k not in _VOLATILE}
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": metadata}


def _walk(path: Path, old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        olds, news = cast("Object", old), cast("Object", new)
        for key in dict.fromkeys((*olds, *news)):
            yield from _step((*path, key), olds.get(key, _MISSING), news.get(key, _MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        old_items, new_items = cast("list[Any]", old), cast("list[Any]", new)
        for index in range(max(len(old_items), len(new_items))):
            before = old_items[index] if index < len(old_items) else _MISSING
            after = new_items[index] if index < len(new_items) else _MISSING
            yield from _step((*path, index), before, after)
    elif new is UNKNOWN or type(old) is not type(new) or old != new:
        yield Change(path, "update")


def _step(path: Path, old: Any, new: Any) -> Iterator[Change]:
    if new is _MISSING:
        yield Change(path, "delete")
    elif old is _MISSING:
        yield Change(path, "add")
    else:
        yield from _walk(path, old, new)
