"""What a look at an object can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from local.plugins.kubernetes.objects import Object, dig


@dataclass(frozen=True)
class Verdict:
    """`ready`, still `waiting`, or `failed` for good; `text` says why, in a few words."""

    state: Literal["ready", "waiting", "failed"]
    text: str = ""


READY = Verdict("ready")


class Lookup(Protocol):
    """Reads what an object depends on."""

    def get(self, path: str, **query: str) -> Object:
        """One object or list; raises ApiError."""
        ...


Rule: TypeAlias = Callable[[Object, Lookup], Verdict]


def waiting(text: str) -> Verdict:
    """Not yet, because of `text`."""
    return Verdict("waiting", text)


def failed(text: str) -> Verdict:
    """Never, because of `text`."""
    return Verdict("failed", text)


def condition(obj: Object, kind: str) -> Object | None:
    """One of the status conditions."""
    for found in dig(obj, "status", "conditions", default=[]):
        if found.get("type") == kind:
            return found
    return None


def says(found: Object | None, status: str, reason: str | None = None) -> bool:
    """Whether a condition is there with this status, and this reason if given."""
    return found is not None and found.get("status") == status and reason in (None, found.get("reason"))


def describe(found: Object) -> str:
    """A condition in words: `Available is False (MinimumReplicasUnavailable): …`."""
    reason = f" ({found['reason']})" if found.get("reason") else ""
    message = f": {found['message']}" if found.get("message") else ""
    return f"{found.get('type')} is {found.get('status')}{reason}{message}"


def observed(obj: Object) -> bool:
    """Whether the controller has seen the object's newest specification."""
    return dig(obj, "status", "observedGeneration", default=0) >= dig(
        obj, "metadata", "generation", default=0
    )


NOT_OBSERVED = waiting("waiting for the controller to see the change")
