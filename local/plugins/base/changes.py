"""What changed between two versions of a resource, and how the engine is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pulumi.runtime.proto import provider_pb2

from local.plugins.base.paths import Path, render

_KINDS = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


@dataclass(frozen=True)
class Change:
    """One difference. `needs_new`: only a new resource can have it."""

    path: Path
    what: Literal["add", "delete", "update"]
    needs_new: bool = False


def differences(found: Sequence[Change], *, delete_first: bool) -> provider_pb2.DiffResponse:
    """The answer to Diff and DiffConfig, with every changed path."""
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if found else response.DIFF_NONE,
        replaces=[render(change.path) for change in found if change.needs_new],
        diffs=list(dict.fromkeys(str(change.path[0]) for change in found)),
        deleteBeforeReplace=delete_first,
        hasDetailedDiff=True,
        detailedDiff={
            render(change.path): provider_pb2.PropertyDiff(
                kind=_KINDS[change.what, change.needs_new], inputDiff=True
            )
            for change in found
        },
    )
