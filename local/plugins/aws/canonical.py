"""Values in the form in which two of them compare: what means the same looks the same."""

from __future__ import annotations

import json
from typing import Any, cast

from local.plugins.aws.resource import Resource
from local.plugins.base.values import UNKNOWN

# In a policy document these say the same as one string or as a list, in any order.
_STATEMENT = "Statement"
# An object without entries says something where it stands: WAF's actions are `block: {}` and `allow: {}`.
_PRESENT = "{}"


def canonical(kind: Resource, dotted: str, value: Any) -> Any:
    """The value at `dotted` (a path without indices) of a `kind`.

    JSON documents become what they say, sets are sorted, and what is null or an empty list inside goes
    away: Terraform's types, and so AWS's provider, do not tell an empty list from none.
    """
    if isinstance(value, str) and dotted in kind.json:
        return document(value)
    if value == {} and "." in dotted:
        return _PRESENT
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        seen = {key: canonical(kind, f"{dotted}.{key}", item) for key, item in items}
        return {key: item for key, item in seen.items() if not empty(item)}
    if isinstance(value, list):
        seen_items = [canonical(kind, dotted, item) for item in cast("list[Any]", value)]
        return sorted(seen_items, key=_order) if dotted in kind.unordered else seen_items
    return value


def empty(value: Any) -> bool:
    """Whether the value says no more than if it were absent."""
    return value is None or (isinstance(value, (dict, list)) and not value)


def same(one: Any, other: Any) -> bool:
    """Whether two canonical values are equal; `True` is not 1."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if empty(one) and empty(other):
        return True
    return one is not UNKNOWN and other is not UNKNOWN and one == other


def document(text: str) -> Any:
    """A JSON document as data; a policy with its lists in order. What is no JSON stays text."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    if isinstance(parsed, dict) and _STATEMENT in parsed:
        return _policy(cast("dict[str, Any]", parsed))
    return cast("Any", parsed)


def _policy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _policy(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        items = sorted((_policy(item) for item in cast("list[Any]", value)), key=_order)
        return items[0] if len(items) == 1 else items
    return value


def _order(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
