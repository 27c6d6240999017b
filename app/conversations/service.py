"""Conversations: an agent's further contexts. Memory blocks, tools and the system prompt are shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.agents.configs import sampling
from app.agents.service import missing
from app.conversations import queries
from app.conversations.schemas import CreateConversation, UpdateConversation
from app.db import keyset
from app.db.pool import Database, array, to_json
from app.errors import BadRequest, NotFound, Unprocessable
from app.http import ids
from app.models.service import Models

DEFAULT = "default"


@dataclass(frozen=True)
class Thread:
    """A context of an agent: a conversation, or the agent's own thread."""

    agent_id: UUID
    conversation_id: UUID | None


async def thread_of(db: Database, org_id: UUID, text: str, agent_id: UUID | None) -> Thread:
    """What a path names: `conv-…`, an agent's id, or `default` together with `agent_id`.

    Raises Unprocessable for anything else, NotFound for a conversation that does not exist.
    """
    if text == DEFAULT:
        if agent_id is None:
            raise Unprocessable("`default` is the thread of an agent: say which one with `agent_id`.")
        return Thread(agent_id, None)
    if text.startswith("agent-"):
        return Thread(_parsed("agent", text), None)
    conversation_id = _parsed("conv", text)
    found = await db.value(queries.AGENT_OF, org_id, conversation_id)
    if found is None:
        raise absent(conversation_id)
    return Thread(found, conversation_id)


async def create(
    db: Database,
    models: Models,
    org_id: UUID,
    agent_id: UUID,
    conversation_id: UUID,
    body: CreateConversation,
) -> str:
    """Start a conversation. Raises NotFound for the agent or the model."""
    record = {"id": str(conversation_id), "hidden": body.hidden} | await _columns(models, body)
    found = await db.value(queries.CREATE, org_id, agent_id, to_json(record))
    if found is None:
        raise missing(agent_id)
    return found


async def get(db: Database, org_id: UUID, conversation_id: UUID) -> str:
    """A conversation as JSON. Raises NotFound."""
    found = await db.value(queries.GET, org_id, conversation_id)
    if found is None:
        raise absent(conversation_id)
    return found


async def list_all(
    db: Database, org_id: UUID, page: keyset.Page, order_by: str, filters: dict[str, Any]
) -> bytes:
    """Conversations as a JSON array. `filters` are keys of `queries.FILTERS`; None means absent."""
    args: list[object] = [org_id]
    where: list[str] = []
    for name, value in filters.items():
        if value is not None:
            args.append(value)
            where.append(queries.FILTERS[name].format(f"${len(args)}"))
    return array(await keyset.fetch(db, queries.listing(order_by), page, args, where))


async def update(
    db: Database, models: Models, org_id: UUID, conversation_id: UUID, body: UpdateConversation
) -> str:
    """Change a conversation. Raises NotFound."""
    given = body.given()
    values = {name: given[name] for name in queries.COLUMNS if name in given}
    if given.keys() & {"model", "model_settings", "context_window_limit"}:
        values["llm_config"] = (await _columns(models, body))["llm_config"]
    names = sorted(values)
    json = {"model_settings", "llm_config"}
    arguments = [to_json(values[n]) if n in json and values[n] is not None else values[n] for n in names]
    statement = queries.update(names, archived=body.archived)
    found = await db.value(statement, org_id, conversation_id, *arguments)
    if found is None:
        raise absent(conversation_id)
    return found


async def delete(db: Database, org_id: UUID, conversation_id: UUID) -> None:
    """Delete a conversation with its messages. Raises NotFound."""
    if await db.value(queries.DELETE, org_id, conversation_id) is None:
        raise absent(conversation_id)


async def fork(
    db: Database, org_id: UUID, thread: Thread, new_id: UUID, message_id: UUID | None, *, hidden: bool
) -> str:
    """A new conversation that starts with what is in view in another one, up to a message if one is given.

    Raises NotFound for the agent or for a message that is not in the thread.
    """
    agent_id, source = thread.agent_id, thread.conversation_id
    if message_id and await db.value(queries.HAS_MESSAGE, org_id, agent_id, source, message_id) is None:
        raise NotFound(f"There is no message message-{message_id} in this conversation.")
    if await db.value(queries.FORK, org_id, agent_id, source, new_id, message_id, hidden) is None:
        raise missing(agent_id)
    return await get(db, org_id, new_id)


def absent(conversation_id: UUID) -> NotFound:
    """The error for a conversation that is not there."""
    return NotFound(f"There is no conversation conv-{conversation_id}.")


async def _columns(models: Models, body: CreateConversation | UpdateConversation) -> dict[str, Any]:
    """The columns of a body; `llm_config` holds only what differs from the agent's."""
    config: dict[str, Any] = {}
    if body.model:
        config = await models.llm_config(body.model, body.context_window_limit)
    elif body.context_window_limit:
        window = (await models.llm_config(None))["context_window"]
        if body.context_window_limit > window:
            raise BadRequest(f"context_window_limit is {body.context_window_limit}; at most {window} here.")
        config = {"context_window": body.context_window_limit}
    config |= sampling(body.model_settings or {})
    return {
        "summary": body.summary,
        "description": body.description,
        "model": body.model,
        "model_settings": body.model_settings,
        "context_window_limit": body.context_window_limit,
        "llm_config": config,
    }


def _parsed(prefix: str, text: str) -> UUID:
    try:
        return ids.parse(prefix, text)
    except ValueError as error:
        raise Unprocessable(f"The request is not valid: conversation_id: {error}.") from None
