"""Requests made from an OpenAPI document: where ids go, and the least that a body must have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

UNTYPED = {"conversation_id": "conv", "object_id": "agent"}
"""Parameters that take ids and do not say of what kind; `conversation_id` may be an agent's, too."""


@dataclass(frozen=True)
class Place:
    """Where a request of an operation carries an id."""

    where: str  # path, query or body
    name: str
    kind: str
    many: bool = False
    untyped: bool = False


@dataclass(frozen=True)
class Operation:
    """A method on a path, as the document has it."""

    method: str
    path: str
    definition: dict[str, Any]
    document: dict[str, Any]

    def places(self) -> list[Place]:
        """Everything that is an id."""
        found = [
            Place(parameter["in"], parameter["name"], *kind)
            for parameter in self.definition.get("parameters", ())
            if (kind := self._kind(parameter["schema"], parameter["name"]))
        ]
        fields = self._resolved(self._body_schema()).get("properties", {})
        return found + [
            Place("body", name, *kind)
            for name, schema in fields.items()
            if (kind := self._kind(schema, name))
        ]

    def required_query(self) -> set[str]:
        """Query parameters without which the request is refused."""
        parameters = self.definition.get("parameters", ())
        return {one["name"] for one in parameters if one["in"] == "query" and one.get("required")}

    def body(self, examples: dict[str, Any], ids: dict[str, str]) -> Any:
        """A valid body: an example by its schema's name, or what is required of it. None for no body."""
        schema = self._body_schema()
        return self._sample(schema, examples, ids) if schema else None

    def _body_schema(self) -> dict[str, Any]:
        content = self.definition.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema", {})

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        for option in schema.get("anyOf", ()):
            if option.get("type") != "null":
                return self._resolved(option)
        if "$ref" in schema:
            return self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def _kind(self, schema: dict[str, Any], name: str) -> tuple[str, bool, bool] | None:
        resolved = self._resolved(schema)
        if resolved.get("type") == "array":
            inner = self._kind(resolved["items"], "")
            return (inner[0], True, inner[2]) if inner else None
        pattern = re.match(r"\^\(?([a-z_]+)-", resolved.get("pattern", ""))
        if pattern:
            return pattern[1], False, False
        return (UNTYPED[name], False, True) if name in UNTYPED else None

    def _sample(self, schema: dict[str, Any], examples: dict[str, Any], ids: dict[str, str]) -> Any:
        named = (part["$ref"].rpartition("/")[2] for part in self._references(schema))
        name = next(named, "").rpartition("__")[
            2
        ]  # where two have one name, FastAPI puts the module before it
        if name in examples:
            return examples[name]
        schema = self._resolved(schema)
        if "enum" in schema or "const" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        if kind := self._kind(schema, ""):
            return [ids[kind[0]]] if kind[1] else ids[kind[0]]
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                return {
                    name: self._sample(fields[name], examples, ids) for name in schema.get("required", ())
                }
            case "array":
                return [self._sample(schema["items"], examples, ids)]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return False
            case _:
                return "text"

    def _references(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from (part for part in (schema, *schema.get("anyOf", ())) if "$ref" in part)


def operations(document: dict[str, Any]) -> list[Operation]:
    """All of a document's operations."""
    return [
        Operation(method.upper(), path, definition, document)
        for path, methods in document["paths"].items()
        for method, definition in methods.items()
    ]
