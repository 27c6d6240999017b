"""Calls of tools that act outside our database: recorded before they begin, hence never begun twice.

A base tool's effect and its return are one transaction. Here the effect is elsewhere, so the call is marked
as started first. After a crash a started call is not run again: it returns its recorded result, or says that
the result was lost. A call that was not started yet is run by whoever resumes the turn.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from app.db.pool import Database, Statement, to_json
from app.llm.types import Completion, ToolCall, Usage
from app.turns.endings import LOST
from app.turns.state import LeaseLostError, Turn

# The primary key decides between two processes that both believe to have the run.
START_CALL = Statement(
    "start_tool_call",
    """INSERT INTO tool_calls (org_id, step_id, tool_call_id, name)
    SELECT $1, $4, $5, $6 FROM runs WHERE org_id = $1 AND id = $2 AND lease_token = $3 AND status = 'running'
    ON CONFLICT DO NOTHING RETURNING started_at""",
)

FINISH_CALL = Statement(
    "finish_tool_call",
    """UPDATE tool_calls SET result = $4::jsonb, finished_at = clock_timestamp()
    WHERE org_id = $1 AND step_id = $2 AND tool_call_id = $3""",
)

CALLS = Statement(
    "get_tool_calls",
    "SELECT tool_call_id, name, result::text FROM tool_calls WHERE org_id = $1 AND step_id = $2",
)


UNFINISHED = Statement(
    "get_unfinished_step",
    """SELECT s.id, m.tool_calls::text FROM steps s
    JOIN messages m ON m.agent_id = s.agent_id AND m.step_id = s.id AND m.tool_calls IS NOT NULL
    WHERE s.org_id = $1 AND s.run_id = $2 AND s.status = 'pending'""",
)


async def start(db: Database, turn: Turn, step_id: UUID, call_id: str, name: str) -> None:
    """Record that a call begins. Raises LeaseLostError when it is not ours to begin."""
    row = await db.row(START_CALL, turn.org_id, turn.run_id, turn.token, step_id, call_id, name)
    if row is None:
        raise LeaseLostError


async def finish(db: Database, turn: Turn, step_id: UUID, returned: dict[str, Any]) -> None:
    """Record what a call returned, as its message will have it."""
    await db.rows(FINISH_CALL, turn.org_id, step_id, returned["tool_call_id"], to_json(returned))


async def earlier(db: Database, turn: Turn, step_id: UUID) -> dict[str, dict[str, Any]]:
    """The returns of the calls of a step that an earlier attempt began, by their ids."""
    rows = await db.rows(CALLS, turn.org_id, step_id)
    return {
        row["tool_call_id"]: orjson.loads(row["result"])
        if row["result"]
        else {"tool_call_id": row["tool_call_id"], "name": row["name"], "status": "error", "text": LOST}
        for row in rows
    }


async def unfinished(db: Database, turn: Turn) -> tuple[UUID, Completion] | None:
    """The step that an earlier attempt left between the model's message and the returns of its calls."""
    row = await db.row(UNFINISHED, turn.org_id, turn.run_id)
    if row is None:
        return None
    calls = tuple(ToolCall(**call) for call in orjson.loads(row["tool_calls"]))
    return row["id"], Completion("", "", calls, "tool_calls", Usage())
