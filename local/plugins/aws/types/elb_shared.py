"""What load balancers, their listeners and target groups have in common: attributes and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from local.plugins.aws.resource import Aws, Properties, tag_changes, tag_list, tag_map

SERVICE = "elbv2"
Attributes = Mapping[str, tuple[str, type]]
"""An input's name to the key of AWS's attribute and the type of its value (AWS has text only)."""


def attributes_written(names: Attributes, inputs: Mapping[str, Any]) -> list[dict[str, str]]:
    """The attributes that are given, as AWS takes them."""
    return [
        {"Key": key, "Value": text(inputs[name])}
        for name, (key, _) in names.items()
        if inputs.get(name) is not None
    ]


def attributes_read(names: Attributes, answer: Iterable[Mapping[str, str]]) -> Properties:
    """What AWS has set, under Pulumi's names."""
    values = {attribute["Key"]: attribute["Value"] for attribute in answer}
    return {
        name: values[key] == "true" if kind is bool else kind(values[key])
        for name, (key, kind) in names.items()
        if key in values
    }


def tags_read(aws: Aws, arn: str) -> dict[str, str]:
    """All tags of one resource of the service."""
    return tag_map(aws.client(SERVICE).describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])


def tags_written(aws: Aws, arn: str, old: Properties, new: Properties) -> None:
    """Bring the tags from those of `old` to those of `new`."""
    wanted, gone = tag_changes(old, new)
    if gone:
        aws.client(SERVICE).remove_tags(ResourceArns=[arn], TagKeys=gone)
    if wanted:
        aws.client(SERVICE).add_tags(ResourceArns=[arn], Tags=tag_list(wanted))


def without_empty(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request without the lists and texts that AWS refuses when they are empty."""
    return {name: value for name, value in request.items() if value not in (None, [], "")}


def text(value: object) -> str:
    """A value as AWS writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
