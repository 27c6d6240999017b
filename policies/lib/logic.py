"""Questions whose answers may not be known yet: yes, no, or `Undetermined`."""

from __future__ import annotations

from collections.abc import Callable

from policies.lib.values import Undetermined

Question = Callable[[], bool]


def all_hold(*questions: Question) -> bool:
    """Whether every answer is yes. One no is enough for a no, whatever is unknown beside it.

    Raises:
        Undetermined: no answer is no, and one of them is not known.
    """
    return not any_holds(*map(_opposite, questions))


def any_holds(*questions: Question) -> bool:
    """Whether some answer is yes. One yes is enough, whatever is unknown beside it.

    Raises:
        Undetermined: no answer is yes, and one of them is not known.
    """
    unknown: Undetermined | None = None
    for question in questions:
        try:
            if question():
                return True
        except Undetermined as reason:
            unknown = unknown or reason
    if unknown:
        raise unknown
    return False


def _opposite(question: Question) -> Question:
    return lambda: not question()
