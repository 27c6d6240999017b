"""Pydantic's errors as sentences: what was wrong, what was given (never a secret), how to fix it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from infra.settings.schema import field_at, keys_of, section_at
from infra.settings.settings import Settings

Location = tuple[int | str, ...]
_SHOWN = 60


@dataclass(frozen=True)
class _Case:
    """One error, with what a sentence about it needs."""

    location: Location
    where: str
    detail: ErrorDetails
    given: str
    """`, not 5`: what was given, empty where it must not be shown."""

    @property
    def field(self) -> FieldInfo | None:
        return field_at(Settings, self.location)

    @property
    def meaning(self) -> str:
        """What the setting is for, in parentheses; empty where nobody wrote it down."""
        field = self.field
        return f" ({field.description.rstrip('.')})" if field is not None and field.description else ""

    def context(self, key: str) -> Any:
        return self.detail.get("ctx", {}).get(key)


def problems_of(error: ValidationError, secret_sections: frozenset[str] = frozenset()) -> list[str]:
    """One sentence for each error, in the order of the tree.

    Values below a section in `secret_sections` (a top-level key, some part of it encrypted) are not shown.
    """
    return [_sentence(detail, secret_sections) for detail in error.errors(include_url=False)]


def path_of(location: Location) -> str:
    """`roost:server.replicas.min`, as `pulumi config set --path` takes it."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return f"roost:{text.removeprefix('.')}"


def unknown_key(where: str, key: str, known: list[str]) -> str:
    """Says that a key means nothing, and which one was probably meant."""
    flat = key.replace("_", "").replace("-", "").lower()
    by_flat = {name.lower(): name for name in known}
    near = difflib.get_close_matches(flat, by_flat, n=1, cutoff=0.6)
    if near:
        return f"`{where}` is not a setting: did you mean `{by_flat[near[0]]}`?"
    return f"`{where}` is not a setting: known here are {', '.join(f'`{name}`' for name in known)}."


def _sentence(detail: ErrorDetails, secret_sections: frozenset[str]) -> str:
    location = detail["loc"]
    hidden = _is_secret(field_at(Settings, location)) or bool(secret_sections.intersection(location[:1]))
    given = "" if hidden else f", not {_shown(detail['input'])}"
    case = _Case(location, path_of(location), detail, given)
    return _EXPLANATIONS.get(detail["type"], _other)(case)


def _is_secret(field: FieldInfo | None) -> bool:
    return field is not None and SecretStr in (get_args(field.annotation) or (field.annotation,))


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…") if isinstance(value, str) else text


def _other(case: _Case) -> str:
    return f"`{case.where}` is wrong{case.given}: {case.detail['msg'].lower()}."


def _value(case: _Case) -> str:
    """A validator of ours spoke; its text says what was given where that may be shown."""
    return f"`{case.where}`: {str(case.context('error')).rstrip('.')}."


def _unknown(case: _Case) -> str:
    section = section_at(Settings, case.location[:-1])
    return unknown_key(case.where, str(case.location[-1]), keys_of(section) if section else [])


def _missing(case: _Case) -> str:
    return (
        f"`{case.where}` is missing{case.meaning}: write it in the stack's file, or run "
        f"`pulumi config set --path '{case.where}' …`."
    )


def _at_least(case: _Case) -> str:
    return f"`{case.where}` must be at least {case.context('ge')}{case.given}{case.meaning}."


def _at_most(case: _Case) -> str:
    return f"`{case.where}` must be at most {case.context('le')}{case.given}{case.meaning}."


def _kind(words: str) -> Callable[[_Case], str]:
    def explain(case: _Case) -> str:
        return f"`{case.where}` must be {words}{case.given}{case.meaning}."

    return explain


def _text(case: _Case) -> str:
    number = isinstance(case.detail["input"], int | float)
    quote = f': put it in quotes, as in `{case.location[-1]}: "…"`' if number else case.meaning
    return f"`{case.where}` must be text{case.given}{quote}."


def _choice(case: _Case) -> str:
    expected = str(case.context("expected")).replace("'", "")
    near = difflib.get_close_matches(
        str(case.detail["input"]), expected.replace(" or ", ", ").split(", "), n=1
    )
    hint = f" (did you mean {near[0]}?)" if near and case.given else ""
    return f"`{case.where}` must be {expected}{case.given}{hint}."


def _pattern(case: _Case) -> str:
    pattern = case.context("pattern")
    return f"`{case.where}` has the wrong form{case.given}{case.meaning}: it must match {pattern}"


_EXPLANATIONS: dict[str, Callable[[_Case], str]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "greater_than_equal": _at_least,
    "less_than_equal": _at_most,
    "int_type": _kind("a whole number"),
    "int_parsing": _kind("a whole number"),
    "int_from_float": _kind("a whole number"),
    "bool_type": _kind("true or false"),
    "bool_parsing": _kind("true or false"),
    "string_type": _text,
    "string_too_short": _kind("some text"),
    "string_pattern_mismatch": _pattern,
    "literal_error": _choice,
    "model_type": _kind("a mapping of settings"),
    "dict_type": _kind("a mapping of names to values"),
    "tuple_type": _kind("a list"),
    "too_short": _kind("a longer list"),
    "too_long": _kind("a shorter list"),
    "value_error": _value,
}
