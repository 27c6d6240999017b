"""Writes docs/settings.md from the models: `python -m infra.settings.document` (`--check` only compares)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AfterValidator, BaseModel, SecretStr
from pydantic.fields import FieldInfo

from infra.settings import base, inference, model
from infra.settings.base import Section
from infra.settings.document_text import FOOTER, HEADER
from infra.settings.local import PlatformFacts
from infra.settings.profiles import PROFILES
from infra.settings.schema import section_of
from infra.settings.settings import Settings

TARGET = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
_ABSENT: Any = object()
_ONLY_IN = {"local": ("local",), "aws": ("dev", "prod"), "inference": ("dev", "prod")}
_QUANTITIES = {
    base.Cpu: "CPU, as `250m` or `2`",
    base.Memory: "size, as `512Mi` or `2Gi`",
    model.Endpoint: "URL",
    inference.VllmImage: "image",
}
_WORDS = {int: "whole number", str: "text", bool: "true or false", float: "number", SecretStr: "text, secret"}


def render() -> str:
    """The whole document."""
    parts = [HEADER]
    for name, field in Settings.model_fields.items():
        section = section_of(field)
        if section is None:
            continue
        profiles = _ONLY_IN.get(name, tuple(PROFILES))
        parts.append(f"## `roost:{name}`\n\n{_prose(section)}\n")
        parts.append(_table(list(_rows(section, (name,), profiles)), profiles))
    return "\n".join([*parts, FOOTER])


def _prose(section: type[Section]) -> str:
    return (section.__doc__ or "").strip()


def _table(rows: list[list[str]], profiles: tuple[str, ...]) -> str:
    head = ["Key", "Value", *profiles, "Meaning"]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _rows(section: type[Section], path: tuple[str, ...], profiles: tuple[str, ...]) -> Iterator[list[str]]:
    for name, field in section.model_fields.items():
        below = section_of(field)
        here = (*path, field.alias or name)
        if below is PlatformFacts:
            continue
        if below is not None:
            yield from _rows(below, here, profiles)
            continue
        defaults = [_shown(_default(here, profile)) for profile in profiles]
        yield [f"`{'.'.join(here[1:])}`", _type(field), *defaults, field.description or ""]


def _default(path: tuple[str, ...], profile: str) -> Any:
    """What applies when the stack's file says nothing; `_ABSENT` where it has to say something."""
    value: Any = PROFILES[profile]  # pyright: ignore[reportArgumentType]
    section: type[Section] | None = Settings
    for key in path:
        value = value.get(key, _ABSENT) if isinstance(value, dict) else _inherited(section, value, key)
        field = next(f for n, f in section.model_fields.items() if (f.alias or n) == key) if section else None
        if value is _ABSENT and field is not None and not field.is_required():
            value = field.get_default(call_default_factory=True, validated_data={})
        section = section_of(field) if field is not None else None
    return value


def _inherited(section: type[Section] | None, value: Any, key: str) -> Any:
    """A key below a section that is itself a default (a model), or that is absent."""
    if isinstance(value, BaseModel) and section is not None:
        name = next(n for n, f in section.model_fields.items() if (f.alias or n) == key)
        return getattr(value, name)
    return value if value is None else _ABSENT


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "**required**"
    if value is None or value in ((), {}):
        return "-"
    if isinstance(value, list | tuple):
        return "`[" + ", ".join(map(str, value)) + "]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(field: FieldInfo) -> str:
    text = _word(field.annotation, field.metadata)
    low = next((item.ge for item in field.metadata if isinstance(item, Ge)), None)
    high = next((item.le for item in field.metadata if isinstance(item, Le)), None)
    if low is not None:
        text += f", {_number(low)} to {_number(high)}" if high is not None else f" from {_number(low)}"
    least = next((item.min_length for item in field.metadata if isinstance(item, MinLen)), 0)
    most = next((item.max_length for item in field.metadata if isinstance(item, MaxLen)), None)
    if most is not None:
        text += f", {least} to {most}"
    return text


def _number(bound: Any) -> str:
    return f"{bound:,}"


def _word(annotation: Any, metadata: list[Any]) -> str:
    validators = [item.func for item in metadata if isinstance(item, AfterValidator)]
    for alias, words in _QUANTITIES.items():
        if annotation == alias or any(item.func in validators for item in get_args(alias)[1:]):
            return words
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin is tuple:
        return f"list of {_word(arguments[0], [])}"
    if origin is dict:
        return f"mapping of names to {_word(arguments[1], [])}"
    if NoneType in arguments:
        return _word(next(argument for argument in arguments if argument is not NoneType), metadata)
    return _WORDS[annotation]


def main() -> int:
    """Write the document, or with `--check` say whether it is current."""
    text = render()
    if "--check" in sys.argv[1:]:
        current = TARGET.exists() and TARGET.read_text() == text
        if not current:
            print("docs/settings.md is not what the models say: run `make docs`.", file=sys.stderr)
        return 0 if current else 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
