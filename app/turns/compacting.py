"""Compaction: the oldest messages of a thread leave the view, and a summary takes their place.

The messages stay where they are; only where the view begins changes, together with the summary's row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app.agents.compaction import CompactionSettings
from app.db.pool import Database, Statement, to_json
from app.llm.client import Client
from app.messages.queries import INSERTED
from app.messages.rows import NewMessage, rows
from app.messages.wire import Stored
from app.models.service import Models
from app.turns import windows
from app.turns.leases import LEASE_SECONDS
from app.turns.rendering import in_view, render
from app.turns.requesting import offered
from app.turns.state import ContextMessage, LeaseLostError, LoadedAgent, Turn
from app.turns.summarizing import summarize

# `{guard}` is who may do it, as rows of (agent_id, conversation_id): `$2` to `$4` belong to it.
_COMPACT = """WITH guard AS ({guard}),
    conversation AS (
        UPDATE conversations c SET context_start = $5 FROM guard WHERE c.id = guard.conversation_id),
    agent AS (
        UPDATE agents a SET next_seq = next_seq + jsonb_array_length($6::jsonb),
            context_start = CASE WHEN guard.conversation_id IS NULL THEN $5 ELSE context_start END
        FROM guard WHERE a.id = guard.agent_id
        RETURNING a.id, a.next_seq - jsonb_array_length($6::jsonb) AS base, guard.conversation_id),
    new AS ({insert})
    SELECT base, now() AS created_at FROM agent"""

OF_TURN = Statement(
    "compact_in_turn",
    _COMPACT.format(
        guard="""UPDATE runs SET lease_expires_at = now() + make_interval(secs => $4)
        WHERE org_id = $1 AND id = $2 AND lease_token = $3 AND status = 'running'
        RETURNING agent_id, conversation_id""",
        insert=INSERTED.format(
            agent="agent.id", base="agent.base", run="$2", step="NULL::uuid",
            conversation="agent.conversation_id", source="$6::jsonb", more=", agent",
        ),
    ),
)  # fmt: skip

# Between turns: nothing may have been said since the agent was loaded.
BETWEEN_TURNS = Statement(
    "compact_between_turns",
    _COMPACT.format(
        guard="""SELECT a.id AS agent_id, $3::uuid AS conversation_id FROM agents a
        WHERE a.org_id = $1 AND a.id = $2 AND a.next_seq = $4::bigint
            AND NOT EXISTS (SELECT FROM runs r WHERE r.agent_id = a.id AND r.status = 'running')
        FOR UPDATE""",
        insert=INSERTED.format(
            agent="agent.id", base="agent.base", run="NULL::uuid", step="NULL::uuid",
            conversation="agent.conversation_id", source="$6::jsonb", more=", agent",
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Compaction:
    """What is to leave the view, and what stands for it."""

    leaving: list[ContextMessage]
    staying: list[ContextMessage]
    start: int
    """The sequence number at which the view begins."""
    summary: NewMessage | None

    @property
    def text(self) -> str:
        """The summary's text."""
        return self.summary.text or "" if self.summary else ""


class Compactor:
    """Compacts threads, with the parts of the server."""

    def __init__(self, db: Database, llm: Client, models: Models) -> None:
        self._db, self._llm, self._models = db, llm, models

    def size(self, agent: LoadedAgent) -> int:
        """About how many tokens the next request has."""
        messages = render(agent.messages, agent.timezone)
        return self._llm.tokens.count(messages, offered(agent), agent.llm_config["model"])

    def fixed(self, agent: LoadedAgent) -> int:
        """About how many tokens no compaction can save: the system prompt's and the tools'."""
        system = render(agent.messages[:1], agent.timezone)
        return self._llm.tokens.count(system, offered(agent), agent.llm_config["model"])

    async def prepare(
        self, agent: LoadedAgent, settings: CompactionSettings, trigger: str, *, keep_last: bool
    ) -> Compaction | None:
        """Decide what leaves the view, and have it summarised; None when nothing can leave."""
        window = int(agent.llm_config["context_window"])
        model = agent.llm_config["model"]
        count = self._llm.tokens.count
        shown = in_view(agent.messages)
        rest = shown[1:]
        fixed = self.fixed(agent)
        sizes = [count([_plain(message)], [], model) for message in rest]
        position = windows.cut(rest, sizes, max(window - fixed, 1), settings, keep_last=keep_last)
        if position is None:
            return None
        leaving, staying = rest[:position], rest[position:]
        text = await summarize(self._llm, self._models, agent, settings, leaving)
        if text is None:
            text = next((one.text for one in reversed(leaving) if one.role == "summary"), None)
        stats = {
            "trigger": trigger,
            "context_tokens_before": fixed + sum(sizes),
            "context_tokens_after": fixed + sum(sizes[position:]),
            "context_window": window,
            "messages_count_before": 1 + len(rest),
            "messages_count_after": 1 + len(staying) + bool(text),
        }
        last = max((message.seq for message in agent.messages), default=1)
        start = staying[0].seq if staying else last + 1
        return Compaction(
            leaving, staying, start, NewMessage(role="summary", text=text, parts=[stats]) if text else None
        )

    async def store_in_turn(self, turn: Turn, agent: LoadedAgent, found: Compaction) -> Stored | None:
        """Store it as part of a turn, and change the agent's view. Raises LeaseLostError."""
        new = [found.summary] if found.summary else []
        row = await self._db.row(
            OF_TURN, turn.org_id, turn.run_id, turn.token, LEASE_SECONDS, found.start, to_json(rows(new))
        )
        if row is None:
            raise LeaseLostError
        agent.context_start = found.start
        agent.messages[1:] = found.staying
        if found.summary is None:
            return None
        stored = _stored(found.summary, row["base"], row["created_at"], turn.run_id)
        seen = ContextMessage(row["base"], "summary", stored.text, row["created_at"], id=stored.id)
        agent.messages.append(seen)
        return stored

    async def store_between_turns(
        self, org_id: UUID, agent_id: UUID, conversation_id: UUID | None, next_seq: int, found: Compaction
    ) -> bool:
        """Store it while no turn runs; False when something was said meanwhile."""
        new = [found.summary] if found.summary else []
        row = await self._db.row(
            BETWEEN_TURNS, org_id, agent_id, conversation_id, next_seq, found.start, to_json(rows(new))
        )
        return row is not None


def _stored(message: NewMessage, seq: int, created_at: datetime, run_id: UUID) -> Stored:
    return Stored(
        id=message.id, role=message.role, created_at=created_at, seq=seq, text=message.text,
        parts=message.parts, run_id=run_id,
    )  # fmt: skip


def _plain(message: ContextMessage) -> dict[str, Any]:
    """What counts of a message: its content, without what tells the rendering about it."""
    body = [message.text, message.tool_calls, message.tool_returns, message.reasoning]
    images = [part for part in message.parts or () if part.get("type") == "image"]
    content: list[dict[str, Any]] = [{"type": "text", "text": orjson.dumps(body).decode()}]
    content += [{"type": "image_url"} for _ in images]
    return {"role": "user", "content": content}
