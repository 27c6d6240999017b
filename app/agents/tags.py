"""`/v1/tags`: the tags that agents have."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from app.db.pool import Statement
from app.http.context import App, Who
from app.http.fields import Text
from app.http.paging import MAX_LIMIT
from app.http.respond import json
from app.http.routing import APIRouter

router = APIRouter(prefix="/v1/tags", tags=["tags"])

# `$3` and `$4` are the cursors of the order that `$6` says; a page before a cursor is read backwards.
LIST = Statement(
    "list_tags",
    """SELECT tag FROM (
        SELECT DISTINCT unnest(tags) AS tag FROM agents WHERE org_id = $1 AND tags <> '{}') t
    WHERE ($2::text IS NULL OR tag ILIKE '%' || $2 || '%') AND ($7::text IS NULL OR tag = $7)
        AND ($3::text IS NULL OR CASE WHEN $6 THEN tag < $3 ELSE tag > $3 END)
        AND ($4::text IS NULL OR CASE WHEN $6 THEN tag > $4 ELSE tag < $4 END)
    ORDER BY CASE WHEN $6 = ($4::text IS NULL OR $3::text IS NOT NULL) THEN tag END DESC,
        CASE WHEN $6 <> ($4::text IS NULL OR $3::text IS NOT NULL) THEN tag END
    LIMIT $5""",
)


@router.get("")
async def list_tags(
    app: App,
    who: Who,
    after: Text | None = None,
    before: Text | None = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
    order: Literal["asc", "desc"] = "asc",
    query_text: Text | None = None,
    name: Text | None = None,
) -> Response:
    """Tags by name; the cursors are tags too."""
    rows = await app.db.rows(LIST, who.org_id, query_text, after, before, limit, order == "desc", name)
    found = [row[0] for row in rows]
    return json(found if before is None or after is not None else found[::-1])
