"""Questions whose answers may not be known yet: yes, no, or `Undetermined`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from policies.lib.values import Undetermined

_T = TypeVar("_T")
Question = Callable[[], bool]


def all_hold(*questions: Question) -> bool:
    """Whether every answer is yes. One no is enough for a no, whatever is unknown beside it.

    Raises:
        Undetermined: no answer is no, and one of them is not known.
    """
    return every(questions, lambda question: question())


def any_holds(*questions: Question) -> bool:
    """Whether some answer is yes. One yes is enough, whatever is unknown beside it.

    Raises:
        Undetermined: no answer is yes, and one of them is not known.
    """
    return some(questions, lambda question: question())


def every(candidates: Iterable[_T], question: Callable[[_T], bool]) -> bool:
    """Whether the answer is yes for each candidate, as `all_hold`."""
    return first(candidates, lambda one: not question(one)) is None


def some(candidates: Iterable[_T], question: Callable[[_T], bool]) -> bool:
    """Whether the answer is yes for one of the candidates, as `any_holds`."""
    return first(candidates, question) is not None


def first(candidates: Iterable[_T], question: Callable[[_T], bool]) -> _T | None:
    """The first candidate for which the answer is yes; None if it is no for all of them.

    Raises:
        Undetermined: the answer is yes for none, and not known for one of them.
    """
    unknown: Undetermined | None = None
    for one in candidates:
        try:
            if question(one):
                return one
        except Undetermined as reason:
            unknown = unknown or reason
    if unknown:
        raise unknown
    return None
