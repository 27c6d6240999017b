"""Reading a resource's properties: a value is known, unknown, absent or secret, and never taken for another.

The policy SDK hands out proxies that are neither `dict` nor `list`, numbers as floats, and raises on any
touch of an unknown. Rules read through `Value` instead, which raises `Undetermined` only where a decision
needs a value that is not there yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

from pulumi.runtime.rpc import UNKNOWN as _UNKNOWN_STRING
from pulumi_policy import Secret
from pulumi_policy.proxy import UnknownValueError

_REDACTED = "[secret]"
"""What `pulumi policy analyze --file` shows in place of a secret that it cannot decrypt."""
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
_MISSING = object()


class Undetermined(Exception):  # noqa: N818 - no error: the answer is not known yet
    """A rule needs a value that is unknown, secret, or of a type that it cannot read.

    `path` names the property, as `vpcConfig.publicAccessCidrs[0]`; the value itself is never part of it.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason


class State(Enum):
    """What there is to read."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    ABSENT = "absent"
    """Missing or null: the provider's default holds."""
    SECRET = "secret"  # noqa: S105 - a word
    """There, but redacted."""


class Value:
    """One property, or a part of one, and where it stands. Cheap: it reads only what is asked for."""

    __slots__ = ("path", "raw", "state")

    def __init__(self, raw: object, path: str = "", state: State | None = None) -> None:
        raw = raw.value if isinstance(raw, Secret) else raw
        self.raw = raw
        """As the SDK gave it; rules read it by the methods below."""
        self.path = path
        self.state = state or _state_of(raw)

    def __repr__(self) -> str:
        return f"Value({self.path or '.'}: {self.state.value})"  # never the value: it may be a secret

    def __getitem__(self, key: str | int) -> Value:
        """A member, or an element; absent where there is none. Members of an unknown are unknown."""
        path = f"{self.path}[{key}]" if isinstance(key, int) else f"{self.path}.{key}" if self.path else key
        if self.state is not State.KNOWN:
            return Value(None, path, self.state)
        return _member(self.raw, key, path)

    def at(self, path: str) -> Value:
        """The member at a dotted path: `at("spec.template.spec")`."""
        value = self
        for part in path.split("."):
            value = value[part]
        return value

    @property
    def known(self) -> bool:
        """Whether the value itself can be read."""
        return self.state is State.KNOWN

    @property
    def present(self) -> bool:
        """Whether something is set, be it unknown or secret. An empty text counts as nothing."""
        return self.state is not State.ABSENT and not (self.known and self.raw == "")

    def truth(self, *, default: bool) -> bool:
        """A boolean; `"true"`, `"1"` and `1` count. `default` is what the provider takes when it is absent.

        Raises:
            Undetermined: it is unknown or secret, or no boolean.
        """
        if not self.present:
            return default
        raw = self._settled()
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, (int, float)) and raw in (0, 1):
            return bool(raw)
        if isinstance(raw, str) and raw.strip().lower() in _TRUE | _FALSE:
            return raw.strip().lower() in _TRUE
        raise Undetermined(self.path, "is not a boolean")

    def number(self, *, default: float) -> float:
        """A number; a text that is one counts.

        Raises:
            Undetermined: it is unknown or secret, or no number.
        """
        if not self.present:
            return default
        raw = self._settled()
        if isinstance(raw, (int, float, str)) and not isinstance(raw, bool):
            try:
                number = float(raw)
            except ValueError:
                number = float("nan")
            if number == number:
                return number
        raise Undetermined(self.path, "is not a number")

    def text(self, *, default: str = "") -> str:
        """A text; a number or boolean is written out (`1.0` as `1`, as YAML would).

        Raises:
            Undetermined: it is unknown or secret, or a list or mapping.
        """
        if self.state is State.ABSENT:
            return default
        raw = self._settled()
        if isinstance(raw, bool):
            return str(raw).lower()
        if isinstance(raw, float) and raw.is_integer():
            return str(int(raw))
        if isinstance(raw, (str, int, float)):
            return str(raw)
        raise Undetermined(self.path, "is not a text")

    def items(self) -> list[Value]:
        """The elements of a list, each known or not; a single value counts as a list of it.

        Raises:
            Undetermined: the list as a whole is unknown or secret.
        """
        if not self.present:
            return []
        raw = self._settled()
        if not _is_list(raw):
            return [self]
        return [self[index] for index in range(len(raw))]

    def texts(self) -> list[str]:
        """The texts of a list.

        Raises:
            Undetermined: the list or one of its elements is unknown, secret or no text.
        """
        return [item.text() for item in self.items()]

    def entries(self) -> dict[str, Value]:
        """The members of a mapping; empty if it is absent.

        Raises:
            Undetermined: it is unknown or secret, or no mapping.
        """
        if not self.present:
            return {}
        raw = self._settled()
        if not isinstance(raw, Mapping):
            raise Undetermined(self.path, "is not a mapping")
        return {str(key): self[str(key)] for key in raw}

    def document(self) -> Value:
        """A JSON document that is given as a text, or as the object itself.

        Raises:
            Undetermined: it is unknown or secret, or not JSON.
        """
        if not self.present:
            return Value(None, self.path)
        raw = self._settled()
        if not isinstance(raw, str):
            return self
        if _UNKNOWN_STRING in raw:
            raise Undetermined(self.path, _NOT_YET)
        try:
            return Value(json.loads(raw), self.path)
        except (ValueError, RecursionError):
            raise Undetermined(self.path, "is not JSON") from None

    def leaves(self) -> Iterator[Value]:
        """Every scalar below, known or not."""
        if self.known and isinstance(self.raw, Mapping):
            for key in self.raw:
                yield from self[str(key)].leaves()
        elif self.known and _is_list(self.raw):
            for item in self.items():
                yield from item.leaves()
        elif self.state is not State.ABSENT:
            yield self

    @property
    def is_mapping(self) -> bool:
        """Whether it is known and has members."""
        return self.known and isinstance(self.raw, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether it is known and has elements."""
        return self.known and _is_list(self.raw)

    def _settled(self) -> Any:
        if self.state is State.UNKNOWN:
            raise Undetermined(self.path, _NOT_YET)
        if self.state is State.SECRET:
            raise Undetermined(self.path, "is a secret that cannot be read here")
        return self.raw


def overlaid(outputs: Value, inputs: Value) -> Value:
    """`outputs` of a preview, with what is unknown in them as `inputs` have it.

    Providers mark as unknown whatever they may fill in. What the program leaves to them is absent, as in
    `inputs`, and no riddle.
    """
    if not outputs.is_mapping or not inputs.is_mapping:
        return outputs
    merged: dict[str, object] = {}
    for key, value in outputs.entries().items():
        if not any(leaf.state is State.UNKNOWN for leaf in value.leaves()):
            merged[key] = value.raw
        elif (given := inputs[key]).state is not State.ABSENT:
            merged[key] = given.raw if given.known else _UNKNOWN_STRING
    return Value(merged)


_NOT_YET = "is not known before the update"


def _is_list(raw: object) -> bool:
    return isinstance(raw, Sequence) and not isinstance(raw, (str, bytes))


def _state_of(raw: object) -> State:
    if raw is None:
        return State.ABSENT
    if isinstance(raw, str):
        if raw == _REDACTED:
            return State.SECRET
        # Remediation sees sentinels as ordinary texts; validation raises before one gets here.
        return State.UNKNOWN if raw == _UNKNOWN_STRING else State.KNOWN
    return State.KNOWN


def _member(raw: Any, key: str | int, path: str) -> Value:
    found: Any = _MISSING
    try:
        if isinstance(key, int):
            found = raw[key] if _is_list(raw) and key < len(raw) else _MISSING
        elif isinstance(raw, Mapping):
            # Not `key in raw`, which would read the value, too.
            found = raw[key] if any(name == key for name in raw) else _MISSING
    except UnknownValueError:
        return Value(None, path, State.UNKNOWN)
    return Value(None if found is _MISSING else found, path)
