"""Calls of tools that users wrote, as a turn makes them: outside our database, hence recorded first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.tools.custom import CustomTools
from app.turns.calls import Result

Runner = Callable[[str, dict[str, Any]], Awaitable[Result]]
"""Runs the tool of this name with these arguments."""


def runner(custom: CustomTools, org_id: UUID, agent_id: UUID) -> Runner:
    """Runs the tools of an agent."""

    async def run(name: str, arguments: dict[str, Any]) -> Result:
        result = await custom.call(org_id, agent_id, name, arguments)
        return Result(result.text, result.ok, result.stdout or None, result.stderr or None)

    return run
