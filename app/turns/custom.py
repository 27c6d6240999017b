"""Calls of tools that users wrote, as a turn makes them: outside our database, hence recorded first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from app.tools.custom import CustomTools
from app.turns.calls import Result
from app.turns.state import Turn

Runner = Callable[[str, dict[str, Any]], Awaitable[Result]]
"""Runs the tool of this name with these arguments."""


def runner(custom: CustomTools, turn: Turn) -> Runner:
    """Runs the tools of the turn's agent."""

    async def run(name: str, arguments: dict[str, Any]) -> Result:
        result = await custom.call(turn.org_id, turn.agent_id, name, arguments)
        return Result(result.text, result.ok, result.stdout or None, result.stderr or None)

    return run
