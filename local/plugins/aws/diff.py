"""What changed between the inputs of two runs, and which changes make a new resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from local.plugins.aws import naming
from local.plugins.aws.canonical import canonical, empty, same
from local.plugins.aws.resource import Resource
from local.plugins.aws.schema import Schema
from local.plugins.base.changes import Change
from local.plugins.base.paths import Path, covers, parse
from local.plugins.base.values import UNKNOWN

_MISSING = object()


@dataclass(frozen=True)
class Comparison:
    """How one type's inputs are compared. `region` is the provider's."""

    kind: Resource
    schema: Schema
    region: str

    def changes(
        self, old: Mapping[str, Any], new: Mapping[str, Any], ignored: Sequence[str] = ()
    ) -> list[Change]:
        """The differences between plain inputs; an unknown new value counts as different."""
        return list(self._changes(old, new, [parse(path) for path in ignored]))

    def delete_first(self, found: Sequence[Change], old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether the old resource has to go before its replacement comes."""
        if not any(change.needs_new for change in found):
            return False
        rule = self.kind.autoname
        fixed = rule is not None and naming.DEFAULTS in new and not naming.drawn_here(new, rule)
        return self.kind.delete_before_replace or fixed

    def _changes(
        self, old: Mapping[str, Any], new: Mapping[str, Any], ignored: Sequence[Path]
    ) -> Iterator[Change]:
        for name in dict.fromkeys((*old, *new)):
            if name == naming.DEFAULTS or any(covers(path, (name,)) for path in ignored):
                continue
            before, after = self._value(old, name), self._value(new, name)
            if self.schema.filled_in(name):
                # What AWS chose stays as it is when the program does not speak of it; `[]` says something.
                if new.get(name) is None and after is _MISSING:
                    continue
            elif _nothing(before) and _nothing(after):
                continue
            for change in self._step((name,), name, before, after):
                if not any(covers(path, change.path) for path in ignored):
                    yield change

    def _value(self, inputs: Mapping[str, Any], name: str) -> Any:
        value = inputs.get(name)
        if value is None:
            value = self.region if name == "region" else self.kind.defaults.get(name)
        return _MISSING if empty(value) else value

    def _step(self, path: Path, dotted: str, old: Any, new: Any) -> Iterator[Change]:
        one, other = self._canonical(dotted, old), self._canonical(dotted, new)
        if same(one, other):
            return
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self._fields(path, dotted, cast("dict[str, Any]", old), cast("dict[str, Any]", new))
        elif isinstance(old, list) and isinstance(new, list) and dotted not in self.kind.unordered:
            yield from self._items(path, dotted, cast("list[Any]", old), cast("list[Any]", new))
        else:
            yield self._change(path, dotted, old, new)

    def _fields(self, path: Path, dotted: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
        for key in dict.fromkeys((*old, *new)):
            before, after = old.get(key, _MISSING), new.get(key, _MISSING)
            yield from self._step((*path, key), f"{dotted}.{key}", before, after)

    def _items(self, path: Path, dotted: str, old: list[Any], new: list[Any]) -> Iterator[Change]:
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _MISSING
            after = new[index] if index < len(new) else _MISSING
            yield from self._step((*path, index), dotted, before, after)

    def _canonical(self, dotted: str, value: Any) -> Any:
        return None if value is _MISSING else canonical(self.kind, dotted, value)

    def _change(self, path: Path, dotted: str, old: Any, new: Any) -> Change:
        absent_before, absent_after = self._absent(dotted, old), self._absent(dotted, new)
        what = "delete" if absent_after else "add" if absent_before else "update"
        return Change(path, what, needs_new=self._needs_new(dotted, old, new))

    def _absent(self, dotted: str, value: Any) -> bool:
        return value is not UNKNOWN and empty(self._canonical(dotted, value))

    def _needs_new(self, dotted: str, old: Any, new: Any) -> bool:
        if dotted in self.kind.replaces_if_only_one_has_it:
            return self._absent(dotted, old) != self._absent(dotted, new)
        for pattern in ("region", *self.kind.replaces):
            if f"{dotted}.".startswith(f"{pattern}."):
                return True
            if pattern.startswith(f"{dotted}."):
                inside = pattern[len(dotted) + 1 :].split(".")
                if new is UNKNOWN or self._inside(dotted, old, inside) != self._inside(dotted, new, inside):
                    return True
        return False

    def _inside(self, dotted: str, value: Any, names: list[str]) -> list[Any]:
        """What a whole that changed has at a nested path, through lists."""
        found: list[Any] = [self._canonical(dotted, value)]
        for name in names:
            flat: list[Any] = []
            for item in found:
                flat += cast("list[Any]", item) if isinstance(item, list) else [item]
            found = [cast("dict[str, Any]", item).get(name) for item in flat if isinstance(item, dict)]
        return [item for item in found if item is not None]


def _nothing(value: Any) -> bool:
    """Whether Terraform's types do not tell the value from one that is left out."""
    return value is _MISSING or (isinstance(value, (bool, int, str)) and not value)
