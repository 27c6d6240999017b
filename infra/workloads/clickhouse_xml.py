"""XML as ClickHouse reads it, from mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring


def fill(parent: Element, members: Mapping[str, Any]) -> None:
    """A member for each key: text, further members, or an empty one for None; `@name` is an attribute."""
    for name, value in members.items():
        if name.startswith("@"):
            parent.set(name[1:], str(value))
            continue
        element = SubElement(parent, name)
        if isinstance(value, Mapping):
            fill(element, value)
        elif value is not None:
            element.text = str(value)


def document(root: Element) -> str:
    """The whole document, indented."""
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def rendered(members: Mapping[str, Any]) -> str:
    """A document of ClickHouse's from a mapping."""
    root = Element("clickhouse")
    fill(root, members)
    return document(root)
