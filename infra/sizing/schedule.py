"""How many hours of a month something runs that is started and stopped by the clock."""

from __future__ import annotations

import re

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_WEEKS_PER_MONTH = 365 / 7 / 12
_CRON = re.compile(r"cron\((\d+) (\d+) \? \* ([A-Z,-]+) \*\)")


def hours_per_month(start: str, stop: str, days: str) -> float:
    """From `07:00` to `19:00` on `MON-FRI`; `stop` is later on the same day."""
    return (_minutes(stop) - _minutes(start)) / 60 * len(weekdays(days)) * _WEEKS_PER_MONTH


def weekdays(days: str) -> frozenset[str]:
    """`MON-WED,SAT` one by one; a range may go over the end of the week. ValueError for other words."""
    found: set[str] = set()
    for part in days.split(","):
        first, _, last = part.partition("-")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        found |= {_DAYS[(begin + step) % len(_DAYS)] for step in range((end - begin) % len(_DAYS) + 1)}
    return frozenset(found)


def times_of(cron: str) -> tuple[str, str] | None:
    """Clock and days of a weekly expression of EventBridge: `cron(0 7 ? * MON-FRI *)`; None for others."""
    match = _CRON.fullmatch(cron)
    if match is None:
        return None
    minute, hour, days = match.groups()
    return f"{int(hour):02d}:{int(minute):02d}", days


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)
