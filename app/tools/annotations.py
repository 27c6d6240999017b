"""JSON schemas of Python annotations, from their syntax: the source is never run."""

from __future__ import annotations

import ast
from typing import Any

from app.errors import Unprocessable

PLAIN: dict[str, dict[str, Any]] = {
    "str": {"type": "string"}, "int": {"type": "integer"}, "float": {"type": "number"},
    "bool": {"type": "boolean"}, "dict": {"type": "object"}, "Dict": {"type": "object"},
    "Mapping": {"type": "object"}, "list": {"type": "array", "items": {}},
    "List": {"type": "array", "items": {}}, "tuple": {"type": "array", "items": {}},
    "Tuple": {"type": "array", "items": {}}, "set": {"type": "array", "items": {}, "uniqueItems": True},
    "Any": {}, "object": {}, "None": {"type": "null"},
    "datetime": {"type": "string", "format": "date-time"}, "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"}, "UUID": {"type": "string", "format": "uuid"},
    "Decimal": {"type": "number"},
}  # fmt: skip

LISTS = frozenset({
    "list", "List", "Sequence", "Iterable", "Collection", "tuple", "Tuple", "set", "Set", "frozenset",
    "FrozenSet",
})  # fmt: skip
OBJECTS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
WRAPPERS = frozenset({"Required", "NotRequired", "Final", "ReadOnly"})
DEEPEST = 20


class Annotations:
    """Reads annotations of one source; its own classes become object schemas or enumerations."""

    def __init__(self, module: ast.Module) -> None:
        self._classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}

    def schema(self, node: ast.expr | None, where: str, depth: int = 0) -> dict[str, Any]:
        """The schema of an annotation. Raises Unprocessable, naming `where`, for what has none."""
        if depth > DEEPEST:
            raise Unprocessable(f"{where} has a type that contains itself, which a JSON schema here cannot.")
        match node:
            case None:
                raise Unprocessable(f"{where} has no type; annotate it, for example `: str`.")
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Constant(value=str(text)):
                return self.schema(_parsed(text, where), where, depth + 1)
            case ast.Name() | ast.Attribute():
                return self._named(_name(node), where, depth)
            case ast.BinOp(op=ast.BitOr()):
                return self._union([node.left, node.right], where, depth)
            case ast.Subscript():
                return self._generic(_name(node.value), _items(node.slice), where, depth)
            case _:
                raise _unknown(ast.unparse(node), where)

    def _named(self, name: str, where: str, depth: int) -> dict[str, Any]:
        if name in self._classes:
            return self._class(self._classes[name], where, depth)
        if name not in PLAIN:
            raise _unknown(name, where)
        return dict(PLAIN[name])

    def _generic(self, name: str, items: list[ast.expr], where: str, depth: int) -> dict[str, Any]:
        if name == "Optional":
            return self._union([*items, ast.Constant(None)], where, depth)
        if name == "Union":
            return self._union(items, where, depth)
        if name == "Literal":
            return _literal(items, where)
        if name == "Annotated":
            schema = self.schema(items[0], where, depth + 1)
            said = [
                one.value for one in items[1:] if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            said += [text for one in items[1:] if (text := described(one))]
            return schema | ({"description": said[0]} if said else {})
        if name in WRAPPERS:
            return self.schema(items[0], where, depth + 1)
        if name in LISTS:
            return {"type": "array", "items": self.schema(items[0], where, depth + 1)}
        if name in OBJECTS:
            values = self.schema(items[-1], where, depth + 1)
            return {"type": "object"} | ({"additionalProperties": values} if values else {})
        raise _unknown(name, where)

    def _union(self, items: list[ast.expr], where: str, depth: int) -> dict[str, Any]:
        """Without None: that an argument may be left out is what `required` says."""
        schemas = [self.schema(one, where, depth + 1) for one in items]
        some = [schema for schema in schemas if schema != {"type": "null"}]
        distinct = [schema for n, schema in enumerate(some) if schema not in some[:n]]
        return distinct[0] if len(distinct) == 1 else {"anyOf": distinct} if distinct else {"type": "null"}

    def _class(self, node: ast.ClassDef, where: str, depth: int) -> dict[str, Any]:
        bases = {_name(base) for base in node.bases}
        if bases & {"Enum", "StrEnum", "IntEnum"}:
            values = [
                line.value.value
                for line in node.body
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
            ]
            return _enum(values, f"{where} ({node.name})")
        fields = [
            line
            for line in node.body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        ]
        if not fields:
            raise _unknown(node.name, where)
        properties: dict[str, Any] = {}
        required: list[str] = []
        for line in fields:
            assert isinstance(line.target, ast.Name)
            name = line.target.id
            properties[name] = self.schema(line.annotation, f"{node.name}.{name}", depth + 1)
            if text := described(line.value):
                properties[name]["description"] = text
            if not _has_default(line.value):
                required.append(name)
        schema: dict[str, Any] = {"type": "object", "properties": properties, "required": required}
        about = ast.get_docstring(node)
        return schema | ({"description": about} if about else {})


def described(value: ast.expr | None) -> str | None:
    """What `Field(description="…")` says."""
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            if keyword.arg == "description" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
    return None


def _has_default(value: ast.expr | None) -> bool:
    if not isinstance(value, ast.Call):
        return value is not None
    first = value.args[0] if value.args else None
    given = first is not None and not (isinstance(first, ast.Constant) and first.value is ...)
    return given or any(keyword.arg in {"default", "default_factory"} for keyword in value.keywords)


def _literal(items: list[ast.expr], where: str) -> dict[str, Any]:
    values: list[Any] = []
    for one in items:
        try:
            values.append(ast.literal_eval(one))
        except ValueError:
            raise _unknown(f"Literal[{ast.unparse(one)}]", where) from None
    return _enum([value for value in values if value is not None], where)


def _enum(values: list[Any], where: str) -> dict[str, Any]:
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number"}
    types = {kinds.get(type(value)) for value in values}
    if not values or None in types:
        raise Unprocessable(f"{where} must be one of texts or numbers; other values have no JSON schema.")
    kind = types.pop() if len(types) == 1 else None
    return ({"type": kind} if kind else {}) | {"enum": values}


def _items(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _name(node: ast.expr) -> str:
    """The last part of a dotted name."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _name(value)
        case _:
            return ast.unparse(node)


def _parsed(text: str, where: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        raise _unknown(text, where) from None


def _unknown(name: str, where: str) -> Unprocessable:
    return Unprocessable(
        f"{where} has the type {name!r}, of which no JSON schema can be made; use str, int, float, bool,"
        " list, dict, Optional, Literal or a class of the same source, or send `json_schema`."
    )
