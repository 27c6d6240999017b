"""Where a thread that has become too long is cut: whole exchanges leave the view, calls stay with returns."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from app.agents.compaction import CompactionSettings
from app.turns.state import ContextMessage

FULL = 0.9
"""Share of the context window above which a thread is compacted."""

MORE = 0.1
"""Share of the messages that leave the view at least, beyond the settings' own."""


def starts(messages: Sequence[ContextMessage]) -> list[int]:
    """Positions at which the view may begin: never between a call and its return."""
    return [
        position
        for position, message in enumerate(messages)
        if message.role in {"user", "assistant", "system"}
        or (message.role == "approval" and message.tool_calls)
    ]


def cut(
    messages: Sequence[ContextMessage],
    sizes: Sequence[int],
    room: int,
    settings: CompactionSettings,
    *,
    keep_last: bool,
) -> int | None:
    """How many of the oldest messages leave the view; None when none can.

    `messages` are those without the system prompt, `sizes` their tokens, `room` the tokens that they may take
    at all. `keep_last`: somebody waits for an answer to what was said last.
    """
    if not messages:
        return None
    possible = [position for position in starts(messages) if position > 0]
    if not settings.slides:
        asked = max((n for n, message in enumerate(messages) if message.role == "user"), default=0)
        if not keep_last:
            return len(messages)
        if asked in possible and sum(sizes[asked:]) <= room * FULL:
            return asked
        possible = [position for position in possible if position >= asked]
    least = 0 if not settings.slides else ceil(len(messages) * (settings.sliding_window_percentage + MORE))
    goal = room * (1 - settings.sliding_window_percentage)
    for position in possible:
        if position >= least and sum(sizes[position:]) <= goal:
            return position
    if possible:
        return possible[-1]
    return None if keep_last else len(messages)
