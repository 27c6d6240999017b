"""Looking things up in the models by the path of a setting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic.fields import FieldInfo

from infra.settings.base import Section


def keys_of(section: type[Section]) -> list[str]:
    """Keys of a section, as written in YAML."""
    return [field.alias or name for name, field in section.model_fields.items()]


def section_of(field: FieldInfo) -> type[Section] | None:
    """The section that a field holds, also an optional one; None for a plain value."""
    candidates: tuple[Any, ...] = (field.annotation, *get_args(field.annotation))
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate
    return None


def section_at(root: type[Section], path: Iterable[int | str]) -> type[Section] | None:
    """The section under a path of YAML keys; None where there is none."""
    section: type[Section] | None = root
    for key in path:
        field = _field(section, key)
        section = section_of(field) if field is not None else None
        if section is None:
            return None
    return section


def field_at(root: type[Section], path: tuple[int | str, ...]) -> FieldInfo | None:
    """The field under a path of YAML keys; None where there is none. An index into a list is its list."""
    keys = tuple(key for key in path if isinstance(key, str))
    return _field(section_at(root, keys[:-1]), keys[-1]) if keys else None


def _field(section: type[Section] | None, key: int | str) -> FieldInfo | None:
    if section is None:
        return None
    for name, field in section.model_fields.items():
        if (field.alias or name) == key:
            return field
    return None
