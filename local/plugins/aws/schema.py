"""What a resource accepts and gives, taken from the pulumi-aws SDK itself.

Only the package of the type's service is imported, when a resource of it is first seen, and a nested type is
looked at when a value of it is: some (WAF's statements) go very deep.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
import threading
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any, Literal

from local.plugins.base.fields import Problem
from local.plugins.base.values import UNKNOWN, Secret, Value

Kind = Literal["string", "integer", "number", "boolean", "list", "map", "object", "any"]

_NAMED = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "list": "a list",
    "map": "a map",
    "object": "an object",
}
_SCALARS: dict[type, Kind] = {str: "string", int: "integer", float: "number", bool: "boolean"}


class UnknownTypeError(Exception):
    """The SDK has no such resource; the message is a sentence."""


@dataclass(frozen=True)
class Shape:
    """The type of one value."""

    kind: Kind
    item: Shape | None = None
    """Of lists and maps."""
    cls: Any = None
    """The SDK's input class of an object."""
    one_of: tuple[Any, ...] = ()
    """The values of a closed enum."""
    or_text: bool = False
    """Whether an object may be given as its JSON text."""

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """What is inside an object."""
        return _fields(self.cls) if self.kind == "object" else {}


@dataclass(frozen=True)
class Field:
    """One property of an object or a resource."""

    shape: Shape
    required: bool


@dataclass(frozen=True)
class Schema:
    """One resource type."""

    inputs: Mapping[str, Field]
    outputs: frozenset[str]
    always: frozenset[str]
    """Outputs that the resource always has: given by the program, or filled in by AWS."""

    @property
    def tagged(self) -> bool:
        """Whether the provider's default tags apply."""
        return "tags" in self.inputs and "tagsAll" in self.outputs

    def filled_in(self, name: str) -> bool:
        """Whether AWS chooses the input's value when the program gives none."""
        return name in self.always and name in self.inputs and not self.inputs[name].required

    def problems(self, given: Mapping[str, Value]) -> list[Problem]:
        """Everything that is wrong with `given`; values that are not known yet are taken to be right."""
        return list(_object_problems(self.inputs, given, ""))


# A refresh reads everything at once, and the SDK's own lazy imports do not stand that.
_LOADING = threading.Lock()


def schema(token: str) -> Schema:
    """The schema of a type token (`aws:ec2/vpc:Vpc`). UnknownTypeError if the SDK has no such type."""
    with _LOADING:
        return _schema(token)


@lru_cache(maxsize=512)
def _schema(token: str) -> Schema:
    package, name = _place(token)
    try:
        module = importlib.import_module(f"pulumi_aws.{package}" if package else "pulumi_aws")
        resource = getattr(module, name)
        own = vars(sys.modules[resource.__module__])
        # `…InitArgs` where a nested type has the plain name.
        arguments = own.get(f"{name}InitArgs") or own[f"{name}Args"]
    except (ImportError, AttributeError, KeyError) as error:
        raise UnknownTypeError(f"{token} is not a resource type of the installed pulumi-aws SDK") from error
    return described(resource, arguments)


def described(resource: type, arguments: type) -> Schema:
    """The schema of a resource class of any of Pulumi's SDKs and its class of arguments."""
    getters = _getters(resource)
    return Schema(
        inputs=_fields(arguments),
        outputs=frozenset(getters),
        always=frozenset(name for name, annotation in getters.items() if not _optional(annotation)),
    )


def _place(token: str) -> tuple[str, str]:
    """Package and class of a token: `aws:lambda/function:Function` is `Function` of `lambda_`."""
    parts = token.split(":")
    if len(parts) != 3 or parts[0] != "aws":
        raise UnknownTypeError(f"{token} is not a type of the aws provider")
    package = parts[1].split("/")[0]
    return {"index": "", "lambda": "lambda_"}.get(package, package), parts[2]


def _getters(cls: type) -> dict[str, Any]:
    """Annotation of each property by Pulumi's name, as `@pulumi.getter` left it."""
    found: dict[str, Any] = {}
    for value in vars(cls).values():
        getter = getattr(value, "fget", None)
        if getter is not None and hasattr(getter, "_pulumi_name"):
            found[getter._pulumi_name] = getter.__annotations__.get("return")  # noqa: SLF001 - the SDK's mark
    return found


def _optional(annotation: Any) -> bool:
    """Whether `Output[Optional[T]]` rather than `Output[T]`."""
    return any(type(None) in typing.get_args(inner) for inner in typing.get_args(annotation))


@lru_cache(maxsize=4096)
def _fields(cls: Any) -> Mapping[str, Field]:
    """The properties of one of the SDK's input classes, by Pulumi's name."""
    from pulumi import _types  # pyright: ignore[reportPrivateUsage] - the SDK's reader of its own classes

    names = _types.input_type_py_to_pulumi_names(cls)
    parameters = inspect.signature(cls.__init__).parameters
    needed = {
        names[name]
        for name, parameter in parameters.items()
        if name in names and parameter.default is inspect.Parameter.empty
    }
    hints = _types.input_type_types(cls)
    return {name: Field(_shape(hint), required=name in needed) for name, hint in hints.items()}


def _shape(hint: Any) -> Shape:
    """The shape of a type hint, seen through `Input[…]` and `Optional[…]`."""
    options = list(dict.fromkeys(_options(hint)))
    scalars = [option for option in options if option in _SCALARS]
    classes = [option for option in options if _is_input_class(option)]
    if classes:
        return Shape("object", cls=classes[0], or_text=str in scalars)
    if scalars:
        return Shape(_SCALARS[scalars[0]])
    enums = [option for option in options if isinstance(option, type) and issubclass(option, Enum)]
    if enums:
        values = tuple(member.value for member in enums[0])
        return Shape(_SCALARS[type(values[0])], one_of=values)
    for option in options:
        origin, inner = typing.get_origin(option), typing.get_args(option)
        if origin is not None and issubclass(origin, Mapping):
            return Shape("map", item=_shape(inner[1]))
        if origin is not None and inner:
            return Shape("list", item=_shape(inner[0]))
    return Shape("any")


def _options(hint: Any) -> Iterator[Any]:
    """The alternatives of a union, without None and without what merely defers a value."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        for option in typing.get_args(hint):
            yield from _options(option)
        return
    module = getattr(typing.get_origin(hint) or hint, "__module__", "")
    deferred = getattr(typing.get_origin(hint), "__name__", "") == "Awaitable" or module == "pulumi.output"
    if hint is not type(None) and not deferred:
        yield hint


def _is_input_class(option: Any) -> bool:
    return isinstance(option, type) and getattr(option, "_pulumi_input_type", False)


def _object_problems(
    fields: Mapping[str, Field], given: Mapping[str, Value], prefix: str
) -> Iterator[Problem]:
    for name in given:
        if name not in fields:
            yield f"{prefix}{name}", _unknown_name(f"{prefix}{name}", name, fields)
    for name, wanted in fields.items():
        value, path = given.get(name), f"{prefix}{name}"
        if value is None:
            if wanted.required:
                yield path, f"{path} is required"
        else:
            yield from problems(wanted.shape, value, path)


def problems(shape: Shape, value: Value, path: str) -> Iterator[Problem]:
    """What is wrong with a value and everything inside it."""
    if isinstance(value, Secret):
        value = value.value
    if value is None or value is UNKNOWN or shape.kind == "any" or (shape.or_text and isinstance(value, str)):
        return
    if not _fits(shape.kind, value):
        yield path, f"{path} must be {_NAMED[shape.kind]}, not {_shown(value)}"
    elif shape.one_of and value not in shape.one_of:
        yield path, f"{path} must be one of {', '.join(map(str, shape.one_of))}, not {_shown(value)}"
    elif isinstance(value, dict) and shape.item is None:
        yield from _object_problems(shape.fields, value, f"{path}.")
    elif isinstance(value, dict) and shape.item is not None:
        for key, item in value.items():
            yield from problems(shape.item, item, f'{path}["{key}"]')
    elif isinstance(value, list) and shape.item is not None:
        for index, item in enumerate(value):
            yield from problems(shape.item, item, f"{path}[{index}]")


def _fits(kind: Kind, value: Value) -> bool:
    if kind in ("integer", "number"):
        return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    python = {"string": str, "boolean": bool, "list": list}.get(kind, dict)
    return isinstance(value, python)


def _unknown_name(path: str, name: str, fields: Mapping[str, Field]) -> str:
    near = difflib.get_close_matches(name, fields, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(fields)) or 'none'}"
    return f"{path} is not an input here; {hint}"


def _shown(value: Value) -> str:
    """A value as an error may show it: never more than its type where it could be a key or a password."""
    return repr(value) if isinstance(value, (bool, int, float)) else f"a {type(value).__name__}"
