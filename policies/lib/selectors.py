"""Which label selectors select a pod, without trying all of them on every pod."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from policies.lib.kubernetes import matches
from policies.lib.values import Undetermined, Value

_T = TypeVar("_T")
_Pair = tuple[str, str, str]


@dataclass(frozen=True)
class Entry(Generic[_T]):
    """Something that selects pods of one namespace."""

    what: _T
    namespace: str
    selector: Value


@dataclass
class Selecting(Generic[_T]):
    """What selects one pod."""

    surely: list[_T] = field(default_factory=list)
    perhaps: list[_T] = field(default_factory=list)
    open: Undetermined | None = None
    """Why there may be more than those that surely do."""


@dataclass
class Selectors(Generic[_T]):
    """Selectors by the rarest of the labels that they ask for."""

    entries: Iterable[Entry[_T]]
    open: Undetermined | None = None
    """Why not all of them are here."""
    _by_label: dict[_Pair, list[Entry[_T]]] = field(init=False, default_factory=dict)
    _others: dict[str, list[Entry[_T]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        asked = [(entry, _pairs(entry)) for entry in self.entries]
        often = Counter(pair for _, pairs in asked for pair in pairs)
        for entry, pairs in asked:
            if pairs:
                self._by_label.setdefault(min(pairs, key=often.__getitem__), []).append(entry)
            else:
                self._others.setdefault(entry.namespace, []).append(entry)

    def of(self, namespace: str, labels: dict[str, str]) -> Selecting[_T]:
        """What selects a pod with these labels."""
        found = Selecting[_T](open=self.open)
        for entry in self._candidates(namespace, labels):
            try:
                if matches(entry.selector, labels):
                    found.surely.append(entry.what)
            except Undetermined as reason:
                found.perhaps.append(entry.what)
                found.open = reason
        return found

    def _candidates(self, namespace: str, labels: dict[str, str]) -> Iterable[Entry[_T]]:
        yield from self._others.get(namespace, ())
        for key, value in labels.items():
            yield from self._by_label.get((namespace, key, value), ())


def _pairs(entry: Entry[_T]) -> list[_Pair]:
    """The labels that it asks for; none if one of them is unknown."""
    try:
        wanted = entry.selector["matchLabels"].entries()
        return [(entry.namespace, key, value.text()) for key, value in wanted.items()]
    except Undetermined:
        return []
