"""The list parameters that every listing shares: `after`, `before`, `limit`, `order`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from starlette.requests import Request

from app.db.keyset import Page
from app.errors import NotServed
from app.http import ids

MAX_LIMIT = 1000

Order = Literal["asc", "desc"]


def page(prefix: str, *, limit: int, order: Order) -> Callable[..., Any]:
    """A dependency that reads the list parameters of objects whose ids start with `prefix`.

    `limit` and `order` are the defaults of this listing; they differ between Letta's resources.
    """
    cursor = Annotated[UUID | None, ids.Prefixed(prefix), Query(description="An id of the previous page.")]

    async def read(after: Any = None, before: Any = None, limit: Any = limit, order: Any = order) -> Page:
        return Page(after, before, limit, order == "desc")

    read.__annotations__ = {
        "after": cursor,
        "before": cursor,
        "limit": Annotated[int, Query(ge=1, le=MAX_LIMIT)],
        "order": Order,
        "return": Page,
    }
    return read


def unserved(*names: str) -> Callable[..., Any]:
    """A dependency that refuses filters which this server would otherwise ignore, listing too much."""
    refused = frozenset(names)

    async def check(request: Request) -> None:
        used = sorted(refused & request.query_params.keys())
        if used:
            raise NotServed(f"Filtering by {', '.join(used)} is not served by this server yet; leave it out.")

    return check
