"""Nested inputs between Pulumi's names and S3's, in both directions by one description of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from local.plugins.aws.resource import Properties, tag_list, tag_map


@dataclass(frozen=True)
class Inner:
    """An object, or a list of objects, under S3's `name`."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class Tags:
    """A map of tags here, a list of them under S3's `name`."""

    name: str


Shape: TypeAlias = Mapping[str, str | Inner | Tags]
"""By Pulumi's name: S3's name of a plain value, or what is inside."""


def to_s3(value: Any, shape: Shape) -> Any:
    """What is None or an empty list is left out, as for the real provider."""
    if isinstance(value, list):
        return [to_s3(item, shape) for item in value]
    made: dict[str, Any] = {}
    for ours, theirs in shape.items():
        inner = value.get(ours)
        if inner is None or inner == []:
            continue
        match theirs:
            case str():
                made[theirs] = inner
            case Tags():
                made[theirs.name] = tag_list(inner)
            case Inner():
                made[theirs.name] = to_s3(inner, theirs.shape)
    return made


def from_s3(value: Any, shape: Shape) -> Any:
    """With None for what S3 does not say, so that a refresh sees it go; moments become RFC 3339 text."""
    if isinstance(value, list):
        return [from_s3(item, shape) for item in value]
    found: Properties = {}
    for ours, theirs in shape.items():
        name = theirs if isinstance(theirs, str) else theirs.name
        inner = value.get(name)
        match theirs:
            case _ if inner is None:
                found[ours] = None
            case str():
                found[ours] = _moment(inner) if isinstance(inner, datetime) else inner
            case Tags():
                found[ours] = tag_map(inner)
            case Inner():
                found[ours] = from_s3(inner, theirs.shape)
    return found


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
