"""Windows in which AWS may take backups or maintain something, as its APIs write them; always UTC."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
_DAY = "|".join(_DAYS)
_DAY_MINUTES = 24 * 60


def minutes_of(window: str) -> int:
    """How long a daily or weekly window is; one may go over midnight, or over the end of the week."""
    start, _, end = window.partition("-")
    around = _DAY_MINUTES if window[0].isdigit() else 7 * _DAY_MINUTES
    return (_minute(end) - _minute(start)) % around


def begins_in(window: str, start: str, *, before: int) -> bool:
    """Whether something that happens daily at `start` (`05:00`) does so in the window or `before` minutes
    ahead of it, on any day of a weekly one; its very first minute is still free."""
    around = _DAY_MINUTES if window[0].isdigit() else 7 * _DAY_MINUTES
    opens = _minute(window.partition("-")[0]) - before
    return any(
        0 < (_minute(start) + day - opens) % around < before + minutes_of(window)
        for day in range(0, around, _DAY_MINUTES)
    )


def _minute(moment: str) -> int:
    *day, hour, minute = moment.split(":")
    return sum(_DAYS.index(one) * _DAY_MINUTES for one in day) + int(hour) * 60 + int(minute)


def _daily(window: str) -> str:
    if not re.fullmatch(f"{_TIME}-{_TIME}", window):
        raise ValueError(f"a backup window reads 02:00-03:00 (UTC), not {window!r}")
    return window


def _weekly(window: str) -> str:
    if not re.fullmatch(f"(?:{_DAY}):{_TIME}-(?:{_DAY}):{_TIME}", window):
        raise ValueError(f"a maintenance window reads sun:03:30-sun:04:30 (UTC), not {window!r}")
    return window


DailyWindow = Annotated[str, AfterValidator(_daily)]
"""`02:00-03:00`."""

WeeklyWindow = Annotated[str, AfterValidator(_weekly)]
"""`sun:03:30-sun:04:30`."""
