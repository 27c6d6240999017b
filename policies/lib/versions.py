"""Versions by their order: 16.10 comes after 16.9, and v1.36 is 1.36.0."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from policies.lib.values import Undetermined, Value

_VERSION = re.compile(r"^v?(?P<numbers>\d{1,9}(?:\.\d{1,9}){0,9})(?:[-+][\w.+-]*)?$", re.ASCII)


@total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """A version's numbers; what comes behind them, as in `1.36.2-eks-1`, does not count."""

    numbers: tuple[int, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._significant() == other._significant()

    def __lt__(self, other: Version) -> bool:
        return self._significant() < other._significant()

    def __hash__(self) -> int:
        return hash(self._significant())

    def __str__(self) -> str:
        return ".".join(map(str, self.numbers))

    @property
    def major(self) -> int:
        """The first number."""
        return self.numbers[0]

    def within(self, line: Version) -> bool:
        """Whether it belongs to a line: 16.10 and 16 to 16, and 16 not to 16.10."""
        return self.numbers[: len(line.numbers)] == line.numbers

    def _significant(self) -> tuple[int, ...]:
        end = len(self.numbers)
        while end and self.numbers[end - 1] == 0:
            end -= 1
        return self.numbers[:end]


def parse(text: str) -> Version:
    """Read `16.10`, `v1.36` or `1.36.2-eks-1`.

    Raises:
        ValueError: it is none.
    """
    found = _VERSION.match(text.strip())
    if found is None:
        raise ValueError("not a version")
    return Version(tuple(map(int, found["numbers"].split("."))))


def version_of(value: Value) -> Version:
    """The version that a property holds.

    Raises:
        Undetermined: it is unknown, secret, or no version.
    """
    try:
        return parse(value.text())
    except ValueError:
        raise Undetermined(value.path, "is not a version") from None
