"""What a call of a tool is given and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Job:
    """One call. Arguments, environment and agent go to the tool's process as values, over a pipe."""

    source: str
    name: str
    """The function to call."""
    arguments: dict[str, Any]
    env: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    agent_state: dict[str, Any] | None = None
    """For functions that have a parameter of this name."""


@dataclass(frozen=True)
class Result:
    """What a call returned, or why it did not."""

    ok: bool
    text: str
    stdout: list[str] = field(default_factory=list[str])
    stderr: list[str] = field(default_factory=list[str])
    value: Any = None
    """What the function returned, as JSON values."""
