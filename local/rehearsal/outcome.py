"""What one command of the engine did, read from its event log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from local.toolchain.events import PARTS, Tally, short_name

QUIET = frozenset({"same", "read", "refresh"})
"""Operations that change nothing."""


@dataclass(frozen=True, order=True)
class Change:
    """One resource that a command changed, or would change."""

    operation: str
    """create, update, replace, delete; `import` where one was adopted."""
    resource: str
    """Type and logical name, as `Instance database`."""
    urn: str = field(compare=False)
    properties: tuple[str, ...] = field(default=(), compare=False)
    """Paths of the inputs that differ."""

    @property
    def said(self) -> str:
        """`update Instance database`."""
        return f"{self.operation} {self.resource}"


@dataclass(frozen=True)
class Outcome:
    """One finished command."""

    command: str
    code: int
    seconds: float
    changes: tuple[Change, ...]
    unchanged: int
    """Resources that the command looked at and left alone."""
    errors: tuple[str, ...]
    text: str
    """Everything that the engine printed."""

    @property
    def failed(self) -> bool:
        return self.code != 0

    @property
    def said(self) -> set[str]:
        """All changes, as `update Instance database`."""
        return {change.said for change in self.changes}

    def of(self, operation: str) -> list[Change]:
        return [change for change in self.changes if change.operation == operation]


def read_events(events: Iterable[dict[str, Any]]) -> tuple[tuple[Change, ...], int, tuple[str, ...]]:
    """Changes in the order in which they were made, the number of unchanged resources, and errors.

    Components and the stack itself do not count: they change with what is in them.
    """
    tally = Tally()
    changes: list[Change] = []
    unchanged = 0
    for event in events:
        tally.add(event)
        metadata = event.get("resOutputsEvent", {}).get("metadata")
        if metadata is None or not _is_resource(metadata) or metadata["op"] in PARTS:
            continue
        if metadata["op"] in QUIET and not _drifted(metadata):
            unchanged += 1
        else:
            changes.append(_change(metadata))
    return tuple(changes), unchanged, tuple(tally.errors)


def _change(metadata: dict[str, Any]) -> Change:
    operation = "update" if metadata["op"] in QUIET else metadata["op"]
    properties = tuple(sorted(metadata.get("detailedDiff") or metadata.get("diffs") or ()))
    return Change(operation, short_name(metadata["urn"]), metadata["urn"], properties)


def _drifted(metadata: dict[str, Any]) -> bool:
    """Whether a refresh found a resource other than the state had it."""
    return metadata["op"] == "refresh" and bool(metadata.get("detailedDiff") or metadata.get("diffs"))


def _is_resource(metadata: dict[str, Any]) -> bool:
    described = metadata.get("new") or metadata.get("old") or {}
    return bool(described.get("custom")) and not metadata["type"].startswith("pulumi:providers:")
