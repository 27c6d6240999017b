"""What a request's messages become in an agent's thread, and why they cannot be stored now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.db.pool import Database, Statement
from app.errors import AppError, BadRequest, NotFound
from app.messages import answers, ended
from app.messages.answers import ApprovalCreate, ToolReturnCreate
from app.messages.ended import Replay
from app.messages.rows import NewMessage
from app.messages.schemas import MessageCreate

PENDING = Statement(
    "get_pending_approval",
    """SELECT CASE WHEN c.id IS NULL THEN a.pending_approval ELSE c.pending_approval END::text AS pending
    FROM agents a LEFT JOIN conversations c ON c.agent_id = a.id AND c.id = $3::uuid
    WHERE a.org_id = $1 AND a.id = $2 AND (c.id IS NOT NULL OR $3::uuid IS NULL)""",
)

# The run of the latest answer in the thread, if that answered the same calls.
ANSWERED = Statement(
    "get_run_by_answer",
    """SELECT run_id FROM (
        SELECT m.run_id, m.approvals FROM messages m
        WHERE m.org_id = $1 AND m.agent_id = $2 AND m.conversation_id IS NOT DISTINCT FROM $3::uuid
            AND m.role = 'approval' AND m.approvals IS NOT NULL ORDER BY m.seq DESC LIMIT 1) m
    WHERE (SELECT array_agg(one ->> 'tool_call_id' ORDER BY one ->> 'tool_call_id')
        FROM jsonb_array_elements(m.approvals) one) = $4::text[]""",
)

Given = MessageCreate | ApprovalCreate | ToolReturnCreate


@dataclass(frozen=True)
class Thread:
    """The messages of one agent, or of one of its conversations."""

    db: Database
    org_id: UUID
    agent_id: UUID
    conversation_id: UUID | None

    async def rows(self, given: Sequence[Given]) -> tuple[list[NewMessage], str | None] | Replay:
        """The rows to store and the id of the request for approval that they answer.

        An answer that was given before is not applied again. Raises BadRequest where nothing waits for one.
        """
        first, rest = given[0], given[1:]
        if any(not isinstance(one, MessageCreate) for one in rest):
            raise BadRequest("An answer to a request for approval comes first, and there is one at most.")
        plain = [NewMessage.of(one) for one in given if isinstance(one, MessageCreate)]
        if isinstance(first, MessageCreate):
            return plain, None
        pending = await self.pending()
        if pending is None:
            return await self._before(first)
        return [answers.row(first, pending), *plain], pending["id"]

    async def refused(self) -> AppError:
        """Why nothing was stored."""
        pending = await self.pending()
        if pending is not None:
            return answers.waits(pending)
        return BadRequest("No call waits for approval any more.")

    async def pending(self) -> dict[str, Any] | None:
        """The request for approval that waits. Raises NotFound for the agent."""
        row = await self.db.row(PENDING, self.org_id, self.agent_id, self.conversation_id)
        if row is None:
            raise NotFound(f"There is no agent agent-{self.agent_id}, or it has no such conversation.")
        return orjson.loads(row["pending"]) if row["pending"] else None

    async def _before(self, answer: ApprovalCreate | ToolReturnCreate) -> Replay:
        ids = sorted(answers.ids_of(answer))
        run_id = await self.db.value(ANSWERED, self.org_id, self.agent_id, self.conversation_id, ids)
        if run_id is None:
            raise BadRequest("No call waits for approval.")
        return await ended.of_run(self.db, self.org_id, run_id)
