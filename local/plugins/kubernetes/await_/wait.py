"""Looks at an object until it is ready, gone, or out of time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from local.plugins.kubernetes.await_.rules import rule_for
from local.plugins.kubernetes.await_.verdict import Lookup, Verdict, describe, waiting
from local.plugins.kubernetes.errors import (
    ApiError,
    CancelledError,
    ClusterUnreachableError,
    OperationError,
)
from local.plugins.kubernetes.objects import TIMEOUT_SECONDS, Object, annotation, dig

DEFAULT_SECONDS = 600.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 2.0
_GROWTH = 1.3
# Looking at pods costs requests; the object itself is enough for most of a normal start.
_DETAIL_SECONDS = 4.0


class NotReadyError(Exception):
    """The object exists but is not what it was asked to be. `live` is its last known state."""

    def __init__(self, live: Object, why: str) -> None:
        super().__init__(why)
        self.live = live
        self.why = why


def seconds_allowed(custom: float, obj: Object) -> float:
    """`customTimeouts` before the annotation before ten minutes. OperationError for a bad annotation."""
    if custom > 0:
        return custom
    text = annotation(obj, TIMEOUT_SECONDS)
    if not text:
        return DEFAULT_SECONDS
    try:
        return float(text)
    except ValueError:
        raise OperationError(f"The annotation {TIMEOUT_SECONDS} says {text!r}; expected seconds.") from None


def look(obj: Object, lookup: Lookup) -> Verdict | None:
    """Whether the object is ready right now; None for kinds that have nothing to wait for."""
    rule = rule_for(obj)
    return rule(obj, lookup) if rule else None


class Waiter:
    """Waits with a deadline. `say` shows the current obstacle; `cancelled` ends every wait."""

    def __init__(
        self,
        lookup: Lookup,
        cancelled: threading.Event,
        say: Callable[[str], None],
        detail: Callable[[Object], str],
    ) -> None:
        self._lookup = lookup
        self._cancelled = cancelled
        self._say = say
        self._detail = detail
        self._next_detail = time.monotonic() + _DETAIL_SECONDS
        self._known_detail = ""
        self._said = ""

    def until_ready(self, path: str, obj: Object, seconds: float) -> Object:
        """The ready object. NotReadyError on failure and after `seconds`; CancelledError."""
        rule = rule_for(obj)
        if rule is None:
            return obj
        why = ""
        for _ in self._looks(seconds):
            try:
                obj = self._reread(path, obj)
                verdict = rule(obj, self._lookup)
            except ApiError as error:
                verdict = waiting(str(error))
            except ClusterUnreachableError as error:
                verdict = waiting(str(error))
            if verdict.state == "ready":
                return obj
            if verdict.state == "failed":
                raise NotReadyError(obj, verdict.text)
            why = self._report(verdict.text, obj)
        raise NotReadyError(obj, f"not ready after {seconds:.0f} s: {why}")

    def until_gone(self, path: str, uid: str | None, seconds: float) -> None:
        """Return when the object does not exist any more. OperationError after `seconds`; CancelledError."""
        why = ""
        for _ in self._looks(seconds):
            try:
                obj = self._lookup.get(path)
            except ApiError as error:
                if error.not_found:
                    return
                why = str(error)
                continue
            except ClusterUnreachableError as error:
                why = str(error)
                continue
            if uid and dig(obj, "metadata", "uid") != uid:
                return
            why = self._report(_what_holds(obj), obj)
        raise OperationError(
            f"{path.rsplit('/', 1)[-1]!r} still exists {seconds:.0f} s after its deletion began: {why}. "
            "Raise `customTimeouts.delete`, or remove what holds it."
        )

    def _reread(self, path: str, known: Object) -> Object:
        try:
            obj = self._lookup.get(path)
        except ApiError as error:
            if error.not_found:
                raise NotReadyError(known, "it was deleted while we waited") from None
            raise
        if dig(obj, "metadata", "uid") != dig(known, "metadata", "uid"):
            raise NotReadyError(obj, "it was replaced by another object while we waited")
        return obj

    def _report(self, text: str, obj: Object) -> str:
        if time.monotonic() >= self._next_detail:
            self._next_detail = time.monotonic() + _DETAIL_SECONDS
            self._known_detail = self._detail(obj)
        line = f"{text}; {self._known_detail}" if self._known_detail else text
        if line != self._said:
            self._said = line
            self._say(line)
        return text

    def _looks(self, seconds: float) -> Iterator[None]:
        """One turn at once, then turns ever further apart, until `seconds` have passed."""
        end = time.monotonic() + seconds
        pause = _FIRST_PAUSE
        while True:
            yield
            left = end - time.monotonic()
            if left <= 0:
                return
            if self._cancelled.wait(min(pause, left)):
                raise CancelledError
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _what_holds(obj: Object) -> str:
    finalizers: list[str] = dig(obj, "metadata", "finalizers", default=[])
    if obj.get("kind") == "Namespace":  # has its own kind, and tells in conditions what is left inside
        finalizers = finalizers + dig(obj, "spec", "finalizers", default=[])
    left = [describe(c) for c in dig(obj, "status", "conditions", default=[]) if _holds(c)]
    names = f"finalizers {', '.join(finalizers)}" if finalizers else "no finalizers"
    return f"waiting for its deletion ({'; '.join([names, *left])})"


def _holds(found: Object) -> bool:
    return found.get("status") == "True" and str(found.get("type", "")).startswith("Namespace")
