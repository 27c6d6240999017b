"""What is known of a tool call on its way from the model to its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db.pool import Session
from app.llm.types import ToolCall
from app.models.service import Models


class ToolError(Exception):
    """The tool could not do it; the message goes to the model, which may try differently."""


@dataclass(frozen=True)
class Context:
    """Where a tool runs."""

    tx: Session
    org_id: UUID
    agent_id: UUID
    models: Models


@dataclass(frozen=True)
class Prepared:
    """A call whose arguments were checked and whose vector, if it needs one, is there."""

    call: ToolCall
    arguments: dict[str, Any]
    vector: list[float] | None = None
    error: str | None = None
    """Why it cannot run; then nothing else is set."""
    outside: Callable[[], Awaitable[Result]] | None = None
    """How to run a tool that acts outside our database. It runs before the step's transaction, at most once
    whatever crashes (`turns/outside.py`), and must not raise; base tools run in the transaction instead."""
    result: Result | None = None
    """What it returned, where that is known already: the client ran it, or refused it."""


@dataclass(frozen=True)
class Result:
    """What the model gets back."""

    text: str
    ok: bool
    stdout: list[str] | None = None
    stderr: list[str] | None = None
