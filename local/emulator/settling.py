"""Statuses that change by themselves: AWS says CREATING for minutes, the emulated account for one poll."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Record:
    """What `describe` answers, and what happens once somebody has seen that it is under way."""

    answer: dict[str, Any]
    key: str = "status"
    """Where the service tells its status."""
    _then: Callable[[], None] | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is under way."""
        return self._then is None

    def begin(self, status: str, then: Callable[[], None]) -> None:
        """Show `status` at the next look; `then` happens after it."""
        self.answer[self.key] = status
        self.then(then)

    def then(self, happens: Callable[[], None]) -> None:
        """Let something happen after the next look."""
        self._then = happens

    def look(self) -> dict[str, Any]:
        """The answer of now; whoever waits asks again and finds it settled."""
        seen = copy.deepcopy(self.answer)
        then, self._then = self._then, None
        if then:
            then()
        return seen
