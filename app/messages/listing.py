"""Listing what was said: by an agent, in one of its threads, or in the whole organisation."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

from app.db import keyset
from app.db.keyset import Listing
from app.db.pool import Database
from app.errors import NotFound
from app.messages import queries
from app.messages.service import expanded

ALL = Listing(
    name="list_all_messages",
    table="messages",
    select=queries.LIST.select,
    scope=f"{{0}}.org_id = $1 AND {queries.SHOWN}",
    order=("{0}.created_at", "{0}.id"),
    kind="message",
)

OF_CONVERSATION = Listing(
    name="list_messages_of_conversation",
    table="messages",
    select=queries.LIST.select,
    scope=f"{{0}}.org_id = $1 AND {{0}}.conversation_id = $2 AND {queries.SHOWN}",
    order=("{0}.seq",),
    kind="message",
)

OWN_THREAD = Listing(
    name="list_messages_of_own_thread",
    table="messages",
    select=queries.LIST.select,
    scope=f"{{0}}.org_id = $1 AND {{0}}.agent_id = $2 AND {{0}}.conversation_id IS NULL AND {queries.SHOWN}",
    order=("{0}.seq",),
    kind="message",
)


class Thread(Protocol):
    """A context of an agent; no conversation is the agent's own thread."""

    @property
    def agent_id(self) -> UUID: ...
    @property
    def conversation_id(self) -> UUID | None: ...


async def of_agent(
    db: Database, org_id: UUID, agent_id: UUID, page: keyset.Page, types: frozenset[str] | None
) -> list[dict[str, Any]]:
    """Everything that was said with an agent, expanded for the wire."""
    return await _fetch(db, queries.LIST, page, [org_id, agent_id], types)


async def of_thread(
    db: Database, org_id: UUID, thread: Thread, page: keyset.Page, types: frozenset[str] | None
) -> list[dict[str, Any]]:
    """What was said in one thread of an agent."""
    if thread.conversation_id is None:
        return await _fetch(db, OWN_THREAD, page, [org_id, thread.agent_id], types)
    return await _fetch(db, OF_CONVERSATION, page, [org_id, thread.conversation_id], types)


async def of_organisation(
    db: Database, org_id: UUID, page: keyset.Page, types: frozenset[str] | None
) -> list[dict[str, Any]]:
    """What was said with any agent, by time."""
    return await _fetch(db, ALL, page, [org_id], types)


async def one(db: Database, org_id: UUID, message_id: UUID) -> list[dict[str, Any]]:
    """The wire messages of one stored message. Raises NotFound."""
    rows = await db.rows(queries.GET, org_id, message_id)
    if not rows:
        raise NotFound(f"There is no message message-{message_id}.")
    return expanded(rows, descending=False, types=None)


async def _fetch(
    db: Database, listing: Listing, page: keyset.Page, args: list[object], types: frozenset[str] | None
) -> list[dict[str, Any]]:
    """In descending order the parts of a row are reversed too."""
    filters = [] if types is None else [_may_have(types)]
    found = await keyset.fetch(db, listing, page, args, filters)
    return expanded(found, descending=page.descending, types=types)


def _may_have(types: frozenset[str]) -> str:
    conditions = [queries.TYPES[name] for name in queries.TYPES if name in types]
    return f"({' OR '.join(conditions) or 'false'})"
