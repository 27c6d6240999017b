"""`/v1/admin/usage`: what the organisation's agents used and cost. Only admins get here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from app.db.pool import array
from app.errors import Unprocessable
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import AgentId
from app.http.respond import json_bytes
from app.http.routing import APIRouter
from app.usage import queries

router = APIRouter(prefix="/v1/admin", tags=["admin"])

DEFAULT_DAYS = 30
MOST_DAYS = 400

Group = Literal["day", "model", "agent"]


@router.get("/usage")
async def usage(
    app: App,
    who: Who,
    start_date: date | None = None,
    end_date: date | None = None,
    group_by: Annotated[list[Group] | None, Query()] = None,
    agent_id: Annotated[AgentId | None, Query()] = None,
    model: Text | None = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> Response:
    """Steps, tokens and cost in USD by day and model, or by other groups, over whole days of UTC.

    `unpriced_steps` are those of models without a price; their cost is not in the sum.
    """
    last = end_date or datetime.now(UTC).date()
    first = start_date or max(last, date.min + timedelta(DEFAULT_DAYS)) - timedelta(DEFAULT_DAYS - 1)
    if not first <= last or (last - first).days >= MOST_DAYS:
        raise Unprocessable(
            f"start_date is {first} and end_date {last}: the first has to come first, "
            f"and they may span {MOST_DAYS} days."
        )
    groups = list(dict.fromkeys(group_by or ("day", "model")))
    rows = await app.db.rows(queries.sums(groups), who.org_id, first, last, agent_id, model, limit)
    return json_bytes(array(rows))
