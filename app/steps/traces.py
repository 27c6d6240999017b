"""What a model was asked in a step and what it answered, kept when the settings say so."""

from __future__ import annotations

import logging
from dataclasses import asdict
from uuid import UUID

from app.db.pool import Database, to_json
from app.llm.types import Completion, Request
from app.steps import queries

log = logging.getLogger("roost.steps")


async def keep(db: Database, org_id: UUID, step_id: UUID, request: Request, completion: Completion) -> None:
    """Store a step's exchange; the turn does not fail for it."""
    try:
        await db.row(
            queries.KEEP_TRACE, org_id, step_id, to_json(asdict(request)), to_json(asdict(completion))
        )
    except Exception:  # a trace is for looking at afterwards
        log.exception("cannot keep the trace of a step", extra={"step_id": str(step_id)})
