"""Property values as the engine sends them, and as plain Python.

The wire form is a `google.protobuf.Struct` in which magic keys and strings mark secrets, outputs and values
that are not known yet. Here they become `Secret`, `UNKNOWN` and ordinary Python. Assets, archives and
resource references stay dictionaries with their magic key, and so survive a round trip untouched.

The SDK's own `PropertyValue` is not used: it fails on outputs without dependencies, wraps every leaf, and
keeps whole numbers as floats, which the Kubernetes API refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast, final

from google.protobuf import struct_pb2

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the wire's marker, not a secret
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# The engine marks an unknown by the type that it will have; what it will be matters to nobody here.
_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
_EXACT_INTEGERS: Final = 2**53


@final
class Unknown:
    """The type of `UNKNOWN`: a value that only the update will know. Compare with `is UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: object) -> Unknown:
        return self

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false; compare with `is UNKNOWN` first")


UNKNOWN: Final = Unknown()


@final
@dataclass(frozen=True)
class Secret:
    """A value that must be encrypted in the state. Its text never shows in `repr`, so not in logs either."""

    value: Value

    def __repr__(self) -> str:
        return "Secret(...)"


Value: TypeAlias = "bool | int | float | str | Unknown | Secret | list[Value] | dict[str, Value] | None"
Properties: TypeAlias = dict[str, Value]


def decode(struct: struct_pb2.Struct) -> Properties:
    """A wire struct as Python: whole numbers become `int`, secrets `Secret`, unknowns `UNKNOWN`."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def encode(properties: Mapping[str, Value]) -> struct_pb2.Struct:
    """Python as a wire struct; the opposite of `decode`. TypeError for anything that is not a `Value`."""
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in properties.items()})


def plain(value: Value) -> Value:
    """The value with every `Secret` unwrapped, at any depth; `UNKNOWN` stays."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def plain_map(properties: Mapping[str, Value]) -> Properties:
    """`plain` for a whole set of properties."""
    return {key: plain(value) for key, value in properties.items()}


def has_unknown(value: Value) -> bool:
    """Whether anything inside is not known yet."""
    return _any(value, lambda item: item is UNKNOWN)


def has_secret(value: Value) -> bool:
    """Whether anything inside is secret."""
    return _any(value, lambda item: isinstance(item, Secret))


def _any(value: Value, test: Callable[[Value], bool]) -> bool:
    return test(value) or any(_any(child, test) for child in _children(value))


def _children(value: Value) -> Iterator[Value]:
    if isinstance(value, Secret):
        yield value.value
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, dict):
        yield from value.values()


def _decode(value: struct_pb2.Value) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "number_value":
        return _number(value.number_value)
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _decode_struct(value.struct_value)
    return None


def _number(number: float) -> int | float:
    return int(number) if number.is_integer() and abs(number) <= _EXACT_INTEGERS else number


def _decode_struct(struct: struct_pb2.Struct) -> Value:
    signature = struct.fields[_SIGNATURE].string_value if _SIGNATURE in struct.fields else None
    if signature == _SECRET:
        return Secret(_decode(struct.fields["value"]) if "value" in struct.fields else None)
    if signature == _OUTPUT:
        # An output without a value is unknown. Its dependencies are the engine's business.
        inner = _decode(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
        secret = "secret" in struct.fields and struct.fields["secret"].bool_value
        return Secret(inner) if secret else inner
    return decode(struct)


def _encode(value: Value) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, Unknown):
        return struct_pb2.Value(string_value=_UNKNOWN_STRING)
    if isinstance(value, bool):  # before int: a bool is one
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, (int, float)):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    return _encode_nested(value)


def _encode_nested(value: Value) -> struct_pb2.Value:
    if isinstance(value, Secret):
        marked = {_SIGNATURE: struct_pb2.Value(string_value=_SECRET), "value": _encode(value.value)}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=marked))
    if isinstance(value, list):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encode(item) for item in value]))
    if isinstance(value, dict):
        return struct_pb2.Value(struct_value=encode(value))
    wrong = cast("object", value)
    raise TypeError(
        f"a property value cannot be a {type(wrong).__name__}; give plain JSON types, Secret or UNKNOWN"
    )
