"""Compiling an agent's system prompt on request, and starting its own thread anew."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import orjson

from app.agents import prompt, prompt_queries, service
from app.db.pool import Database
from app.errors import Conflict


async def recompile(db: Database, org_id: UUID, agent_id: UUID, *, dry_run: bool) -> str:
    """The system prompt as of now, and from the next turn on unless it is a dry run. Raises NotFound."""
    row = await db.row(prompt_queries.PARTS, org_id, agent_id)
    if row is None:
        raise service.missing(agent_id)
    blocks = [prompt.BlockView(**block) for block in orjson.loads(row["blocks"])]
    archive = orjson.loads(row["archive"] or "{}")
    rules = orjson.loads(row["tool_rules"])
    facts = prompt.MemoryFacts(
        max(row["next_seq"] - 2, 0), archive.get("passages", 0), archive.get("tags", ())
    )
    clock = prompt.clock(datetime.now(UTC), row["timezone"])
    text = prompt.compile_prompt(f"agent-{agent_id}", row["system"], blocks, facts, clock, rules)
    if not dry_run:
        key = prompt.key(row["system"], blocks, facts.passages, facts.archive_tags, rules)
        await db.row(prompt_queries.STORE, org_id, agent_id, text, key)
    return text


async def reset(db: Database, org_id: UUID, agent_id: UUID) -> str:
    """Forget the agent's own thread; its conversations stay. Raises NotFound, Conflict while a turn runs."""
    if await db.value(prompt_queries.RESET, org_id, agent_id) is None:
        await service.ensure(db, org_id, agent_id)
        raise Conflict("The agent is busy with a request; wait until it is done, then reset its messages.")
    await recompile(db, org_id, agent_id, dry_run=False)
    return await service.get(db, org_id, agent_id)
