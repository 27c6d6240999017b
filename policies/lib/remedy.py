"""Remedies: the safe, idempotent change that makes a resource keep a rule.

They write into mappings in place and leave all else as it came, so that unknowns and secrets survive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pulumi.runtime.rpc import UNKNOWN as _UNKNOWN

from policies.lib.settings import Settings
from policies.lib.values import Value


class Draft:
    """The inputs of one resource on their way to its `provider`; `type` is the canonical token.

    Of a Kubernetes `patch`, what is not there is none of its business, and must not be added.
    """

    def __init__(self, props: Any, type_: str, provider: Value, *, patch: bool = False) -> None:
        self._props = props
        self.type = type_
        self.provider = provider
        self.patch = patch
        self.changed = False

    def get(self, path: str) -> Any:
        """What is there: a mapping, sequence, scalar, the sentinel of an unknown, or None."""
        value: Any = self._props
        for part in path.split("."):
            if not isinstance(value, Mapping):
                return None
            value = value.get(part)
        return value

    def put(self, path: str, value: object) -> None:
        """Set a member, and make the mappings on the way to it. Does nothing where one of them is unknown."""
        *parents, last = path.split(".")
        inside: Any = self._props
        for part in parents:
            found = inside.get(part)
            if found is None:
                inside[part] = {}
                found = inside[part]
            if not isinstance(found, Mapping):
                return
            inside = found
        if inside.get(last) != value and not is_unknown(inside.get(last)):
            inside[last] = value
            self.changed = True

    def members(self, path: str) -> Iterator[Draft]:
        """The mappings in a list, each to be changed in place."""
        found = self.get(path)
        if not isinstance(found, Sequence) or isinstance(found, str):
            return
        for index in range(len(found)):
            if isinstance(found[index], Mapping):
                member = Draft(found[index], self.type, self.provider, patch=self.patch)
                yield member
                self.changed = self.changed or member.changed


Remedy = Callable[[Draft, Settings], None]
"""May raise Undetermined: then it does nothing more."""


def put(path: str, value: object) -> Remedy:
    """The remedy that sets one property."""
    return lambda draft, _: draft.put(path, value)


def is_unknown(value: object) -> bool:
    """Whether it stands for a value that the update will bring."""
    return isinstance(value, str) and value == _UNKNOWN
