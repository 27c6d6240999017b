"""ClickHouse's configuration: XML or YAML in ConfigMaps and Secrets, or the operator's resource.

All of it is read as one form: members, `@name` for attributes, lists for what repeats.
"""

from __future__ import annotations

import base64
import binascii
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, cast

from pulumi.runtime.rpc import UNKNOWN

from policies.lib.check import Check
from policies.lib.namespaced import namespace_of
from policies.lib.resources import Resource, Stack
from policies.lib.types import types
from policies.lib.values import Undetermined, Value
from policies.lib.yaml_text import yaml_document

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type
INSTALLATION = "kubernetes:clickhouse.altinity.com/v1:ClickHouseInstallation"
FILES = types(CONFIG_MAP, SECRET, INSTALLATION)
_XML = re.compile(r"<(?:clickhouse|yandex)[\s>]")
_YAML = re.compile(
    r"^(?:users|profiles|quotas|user_directories|(?:tcp|http|https|interserver_http)_port(?:_secure)?|openSSL):",
    re.MULTILINE,
)
_DECLARES = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OURS = re.compile(r"clickhouse(-server)?")
_LONGEST, _DEEPEST = 1_000_000, 40


@dataclass
class Configuration:
    """What one server reads: the documents of a namespace, or of one resource of the operator."""

    owner: Resource
    """Which is told what is missing in the whole."""
    parts: list[tuple[Resource, str, Value]] = field(default_factory=list[tuple[Resource, str, Value]])
    """Where a document stands, the file's name, and its content."""
    open: Undetermined | None = None

    def all(self, *path: str) -> Iterator[Value]:
        """What every document has at a path."""
        for _, _, document in self.parts:
            found = reduce(lambda value, step: value[step], path, document)
            if found.present:
                yield found

    def lacking(self) -> bool:
        """For what no document has.

        Raises:
            Undetermined: there is a document that cannot be read.
        """
        if self.open:
            raise self.open
        return True


class Configurations:
    """All configurations of a stack. What cannot be read is told to `check`."""

    def __init__(self, stack: Stack, check: Check) -> None:
        self._found: dict[str, Configuration] = {}
        self._astray: Undetermined | None = None
        """Why a document may belong to any namespace."""
        for resource in stack.of(CONFIG_MAP, SECRET, INSTALLATION):
            with check.on(resource):
                self._read(resource)

    def _read(self, resource: Resource) -> None:
        parts, open_ = _parts(resource)
        if not parts and not open_:
            return
        try:
            key = _place(resource)
        except Undetermined as reason:
            self._astray = reason
            raise
        one = self._found.setdefault(key, Configuration(resource))
        one.parts += parts
        one.open = one.open or open_
        if open_:
            raise open_

    def all(self) -> list[Configuration]:
        """Every one that there is."""
        return [self._with_astray(one) for one in self._found.values()]

    def of(self, reader: Resource) -> Configuration:
        """What a workload reads, or an operator for one of its resources; empty if there is nothing."""
        return self._with_astray(self._found.get(_place(reader)) or Configuration(reader))

    def _with_astray(self, one: Configuration) -> Configuration:
        return replace(one, open=one.open or self._astray)


def _place(resource: Resource) -> str:
    return resource.urn if resource.type == INSTALLATION else namespace_of(resource)


def _parts(resource: Resource) -> tuple[list[tuple[Resource, str, Value]], Undetermined | None]:
    if resource.type == INSTALLATION:
        try:
            return [(resource, "", _of_operator(resource["spec.configuration"]))], None
        except Undetermined as reason:
            return [], reason
    label = resource["metadata.labels"]["app.kubernetes.io/name"]
    ours = label.known and bool(_OURS.fullmatch(label.text()))
    parts: list[tuple[Resource, str, Value]] = []
    open_: Undetermined | None = None
    for prop in ("data", "stringData"):
        values = resource[prop]
        if not values.known and not (ours and values.present):
            continue  # of a kind that says nothing about being ClickHouse's
        try:
            for key, value in values.entries().items():
                if not value.known and not (ours or re.search(r"users.*\.xml$", key)):
                    continue
                encoded = resource.type == SECRET and prop == "data"
                read = _document(_decoded(value) if encoded else value, key)
                parts += [(resource, key, read)] if read else []
        except Undetermined as reason:
            open_ = open_ or reason
    return parts, open_


def _decoded(value: Value) -> Value:
    try:
        return Value(base64.b64decode(value.text()).decode(), value.path)
    except (binascii.Error, ValueError):
        return Value(None, value.path)  # bytes of something else


def _document(value: Value, key: str) -> Value | None:
    """The document in a text; None if it is not ClickHouse's."""
    if not value.present or value.is_mapping or value.is_list:
        return None
    text = value.text()
    if len(text) > _LONGEST:
        raise Undetermined(value.path, "is too long")
    if _XML.search(text):
        return _xml(value, text)
    if key.endswith((".yaml", ".yml")) and _YAML.search(text):
        read = yaml_document(value)
        return read if read.is_mapping else None
    return None


def _xml(value: Value, text: str) -> Value:
    if _DECLARES.search(text):
        raise Undetermined(value.path, "declares entities")
    try:
        return Value(_members(ET.fromstring(text), 0), value.path)  # noqa: S314 - entities were refused before
    except (ET.ParseError, ValueError):
        raise Undetermined(value.path, "is not XML") from None


def _members(element: ET.Element, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("it goes too deep")
    found: dict[str, Any] = {f"@{name}": text for name, text in element.attrib.items()}
    for child in element:
        member = _members(child, depth + 1)
        if child.tag not in found:
            found[child.tag] = member
        elif isinstance(found[child.tag], list):
            cast("list[Any]", found[child.tag]).append(member)
        else:
            found[child.tag] = [found[child.tag], member]
    text = (element.text or "").strip()
    if not found:
        return text
    return {**found, **({"#text": text} if text else {})}


def _of_operator(configuration: Value) -> Value:
    """`reader/networks/ip: …` under `users` and `settings` as members of members."""
    whole: dict[str, Any] = {}
    for section in ("users", "profiles", "quotas"):
        whole[section] = _nested(configuration[section])
    return Value({**_nested(configuration["settings"]), **whole}, configuration.path)


def _nested(section: Value) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in section.entries().items():
        *parents, last = path.split("/")
        inside = found
        for one in parents:
            following = inside.setdefault(one, {})
            inside = following if isinstance(following, dict) else {}
        inside[last] = _plain(value)
    return found


def _plain(value: Value) -> Any:
    if value.is_mapping:
        return {key: _plain(one) for key, one in value.entries().items()}
    if value.is_list:
        return [_plain(one) for one in value.items()]
    if not value.present:
        return None
    return value.text() if value.known else UNKNOWN


def is_removed(value: Value) -> bool:
    """Whether a document takes away what others say; what is not known yet is taken for a value."""
    if value.is_mapping:
        return value["@remove"].present
    return value.known and value.present and not value.is_list and value.text() == "_removed_"
