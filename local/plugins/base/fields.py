"""What a resource accepts: names, types and defaults of its inputs, checked with a sentence that helps."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from local.plugins.base.values import UNKNOWN, Properties, Value, plain

Kind = Literal["string", "integer", "boolean", "strings", "string map", "object"]

# What each kind is in Python, and in a sentence.
_TYPES: Mapping[Kind, tuple[type, str]] = {
    "string": (str, "a string"),
    "integer": (int, "an integer"),
    "boolean": (bool, "a boolean"),
    "strings": (list, "a list of strings"),
    "string map": (dict, "a map of strings"),
    "object": (dict, "an object"),
}


@dataclass(frozen=True)
class Field:
    """One input. `fields` describes what is inside an `object`."""

    kind: Kind
    required: bool = False
    default: Value = None
    replaces: bool = True
    """Whether a change makes a new resource instead of changing this one."""
    one_of: tuple[str, ...] = ()
    minimum: int | None = None
    fields: Mapping[str, Field] = field(default_factory=dict[str, "Field"])


Fields = Mapping[str, Field]
Problem = tuple[str, str]
"""Property path and what is wrong with it."""


def problems(fields: Fields, given: Properties, prefix: str = "") -> list[Problem]:
    """Everything that is wrong with `given`; values that are not known yet are taken to be right."""
    found: list[Problem] = [
        (f"{prefix}{name}", _unknown_name(name, fields)) for name in given if name not in fields
    ]
    for name, wanted in fields.items():
        value = plain(given.get(name))
        path = f"{prefix}{name}"
        if value is None:
            if wanted.required:
                found.append((path, f"{path} is required"))
        elif value is not UNKNOWN:
            found += _value_problems(path, wanted, value)
    return found


def with_defaults(fields: Fields, given: Mapping[str, Value]) -> Properties:
    """`given` with the default of every input that is missing or null."""
    filled: Properties = {name: value for name, value in given.items() if value is not None}
    for name, wanted in fields.items():
        if name not in filled and wanted.default is not None:
            filled[name] = wanted.default
    return filled


def _unknown_name(name: str, fields: Fields) -> str:
    near = difflib.get_close_matches(name, fields, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(fields))}"
    return f"{name} is not an input of this resource; {hint}"


def _value_problems(path: str, wanted: Field, value: Value) -> list[Problem]:
    python, named = _TYPES[wanted.kind]
    if not isinstance(value, python) or (python is int and isinstance(value, bool)):
        return [(path, f"{path} must be {named}, not {_shown(value)}")]
    if wanted.one_of and value not in wanted.one_of:
        return [(path, f"{path} must be one of {', '.join(wanted.one_of)}, not {_shown(value)}")]
    if wanted.minimum is not None and isinstance(value, int) and value < wanted.minimum:
        return [(path, f"{path} must be at least {wanted.minimum}, not {value}")]
    if wanted.kind == "object":
        return problems(wanted.fields, cast("Properties", value), f"{path}.")
    return _item_problems(path, wanted, value)


def _item_problems(path: str, wanted: Field, value: Value) -> list[Problem]:
    if wanted.kind == "strings":
        items = list(enumerate(cast("list[Value]", value)))
    elif wanted.kind == "string map":
        items = list(cast("Properties", value).items())
    else:
        return []
    return [
        (f"{path}[{key}]", f"{path}[{key}] must be a string, not {_shown(item)}")
        for key, item in items
        if item is not UNKNOWN and not isinstance(item, str)
    ]


def _shown(value: Value) -> str:
    """A value as an error may show it: never more than its type where it could be a key or a password."""
    return repr(value) if isinstance(value, (bool, int, float)) else f"a {type(value).__name__}"
