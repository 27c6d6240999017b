"""What listings of agents have in common: the relations to load, and which page in which order."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query

from app.agents import service
from app.db.keyset import Page
from app.http.paging import page

Relation = Literal[
    "agent.blocks", "agent.identities", "agent.managed_group", "agent.pending_approval", "agent.secrets",
    "agent.sources", "agent.tags", "agent.tools",
]  # fmt: skip
OldRelation = Literal[
    "blocks", "identities", "identity_ids", "managed_group", "multi_agent_group", "memory",
    "pending_approval", "secrets", "sources", "tags", "tool_exec_environment_variables", "tools",
]  # fmt: skip
OrderBy = Literal["created_at", "updated_at", "last_run_completion"]

RENAMED = {"memory": "agent.blocks", "tool_exec_environment_variables": "agent.secrets"}
"""Old names of relations that differ by more than the prefix."""


async def _include(
    include: Annotated[list[Relation] | None, Query()] = None,
    include_relationships: Annotated[list[OldRelation] | None, Query()] = None,
) -> frozenset[str]:
    """Which relations to load: all of them, unless the client names some."""
    if include is None and include_relationships is None:
        return service.ALL
    older = (RENAMED.get(name, f"agent.{name}") for name in include_relationships or ())
    return frozenset([*(include or ()), *older])


Include = Annotated[frozenset[str], Depends(_include)]
Paging = Annotated[Page, Depends(page("agent", limit=50, order="desc"))]


async def _order(
    paging: Paging,
    order_by: OrderBy | None = None,
    sort_by: Annotated[OrderBy | None, Query(deprecated=True)] = None,
    ascending: Annotated[bool | None, Query(deprecated=True)] = None,
) -> tuple[Page, str]:
    """The page and the order; `ascending` and `sort_by` are what older clients send."""
    if ascending is not None:
        paging = Page(paging.after, paging.before, paging.limit, descending=not ascending)
    return paging, order_by or sort_by or "created_at"


Ordered = Annotated[tuple[Page, str], Depends(_order)]


def shown(*, hidden_too: bool) -> dict[str, Any]:
    """The filter that leaves out hidden agents."""
    return {} if hidden_too else {"hidden": False}
