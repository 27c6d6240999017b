"""What AWS says about a resource, in the form in which the program said it.

AWS gives the same thing back in other words: a policy with other spaces, a set in another order, numbers as
texts, objects with entries that nobody asked for. None of that is drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from local.plugins.aws import naming
from local.plugins.aws.canonical import canonical, empty, same
from local.plugins.aws.resource import Properties, Resource
from local.plugins.aws.schema import Schema, Shape


def inputs(
    kind: Resource, schema: Schema, known: Mapping[str, Any], seen: Properties, region: str
) -> Properties:
    """The inputs that a refresh stores: those of the state (`known`) with what was observed.

    An input that the program left out appears when it no longer has its default value.
    """
    found: Properties = {}
    for name, value in known.items():
        if name in seen and name not in kind.unreadable:
            found[name] = like(kind, name, value, seen[name])
        else:
            found[name] = value
    for name, default in {**kind.defaults, "region": region}.items():
        if name in schema.inputs and name not in known and name not in kind.unreadable:
            value = like(kind, name, default, seen.get(name, default))
            if not same(canonical(kind, name, value), canonical(kind, name, default)):
                found[name] = value
    for name in ("tags", "tagsAll"):
        if schema.tagged and name in seen and (name in known or seen[name]):
            found[name] = seen[name]
    return {name: value for name, value in found.items() if value is not None}


def imported(kind: Resource, schema: Schema, seen: Properties, region: str) -> Properties:
    """The inputs of a resource that the state did not know: what was observed, without defaults."""
    found: Properties = {}
    for name, field in schema.inputs.items():
        value = _only_inputs(field.shape, seen.get(name))
        default = region if name == "region" else kind.defaults.get(name)
        if default is None and value in (False, 0, ""):
            continue  # Terraform's types do not tell it from one that is left out
        if not empty(value) and not same(canonical(kind, name, value), canonical(kind, name, default)):
            found[name] = value
    if schema.tagged and "tagsAll" in seen:
        found["tagsAll"] = seen["tagsAll"]
    return {**found, naming.DEFAULTS: []} if kind.autoname else found


def outputs(kind: Resource, known: Mapping[str, Any], seen: Properties) -> Properties:
    """The known properties overlaid by what was observed, each said as it was before if it means the same."""
    merged = {**known}
    for name, value in seen.items():
        if name in kind.unreadable and name in known:
            continue
        merged[name] = _said_before(kind, name, known.get(name), value)
    return {name: value for name, value in merged.items() if value is not None}


def like(kind: Resource, dotted: str, known: Any, seen: Any) -> Any:
    """`seen` in the words of `known`, with nothing in it that `known` has no place for."""
    if empty(canonical(kind, dotted, seen)) and empty(canonical(kind, dotted, known)):
        return known
    if seen is None or known is None:
        return seen
    if isinstance(known, dict) and isinstance(seen, dict):
        return _like_fields(kind, dotted, cast("Properties", known), cast("Properties", seen))
    if isinstance(known, list) and isinstance(seen, list):
        return _like_items(kind, dotted, cast("list[Any]", known), cast("list[Any]", seen))
    return _said_before(kind, dotted, known, _as_type_of(known, seen))


def _like_fields(kind: Resource, dotted: str, known: Properties, seen: Properties) -> Properties:
    if dotted in ("tags", "tagsAll"):
        return seen
    return {
        key: like(kind, f"{dotted}.{key}", value, seen[key]) if key in seen else value
        for key, value in known.items()
    }


def _like_items(kind: Resource, dotted: str, known: list[Any], seen: list[Any]) -> list[Any]:
    if dotted not in kind.unordered:
        pairs = [(known[index] if index < len(known) else None, item) for index, item in enumerate(seen)]
        return [item if old is None else like(kind, dotted, old, item) for old, item in pairs]
    left = list(seen)
    found: list[Any] = []
    for old in known:
        match = next(
            (item for item in left if _equal(kind, dotted, old, like(kind, dotted, old, item))), None
        )
        if match is not None:
            left.remove(match)
            found.append(old)
    return [*found, *left]


def _said_before(kind: Resource, dotted: str, known: Any, seen: Any) -> Any:
    return known if known is not None and _equal(kind, dotted, known, seen) else seen


def _equal(kind: Resource, dotted: str, one: Any, other: Any) -> bool:
    return same(canonical(kind, dotted, one), canonical(kind, dotted, other))


def _as_type_of(known: Any, seen: Any) -> Any:
    """AWS's APIs disagree about numbers and booleans: some say them as texts."""
    if isinstance(known, str) and isinstance(seen, bool):
        return str(seen).lower()
    if isinstance(known, str) and isinstance(seen, (int, float)):
        return str(seen)
    if isinstance(known, bool) and isinstance(seen, str):
        return {"true": True, "false": False}.get(seen.lower(), seen)
    if isinstance(known, (int, float)) and isinstance(seen, str):
        try:
            return type(known)(seen)
        except ValueError:
            return seen
    return seen


def _only_inputs(shape: Shape, value: Any) -> Any:
    """The value without entries that the SDK does not take, at any depth."""
    if isinstance(value, dict) and shape.kind == "object":
        fields = cast("Properties", value)
        kept = {
            key: _only_inputs(shape.fields[key].shape, item)
            for key, item in fields.items()
            if key in shape.fields
        }
        return {key: item for key, item in kept.items() if not empty(item)}
    if isinstance(value, list) and shape.item is not None:
        return [_only_inputs(shape.item, item) for item in cast("list[Any]", value)]
    return value
