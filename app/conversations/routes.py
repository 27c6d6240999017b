"""`/v1/conversations`: further contexts of an agent."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from starlette.responses import Response

from app.agents.service import ensure
from app.conversations import service
from app.conversations.schemas import (
    ConversationMessageRequest,
    CreateConversation,
    UpdateConversation,
)
from app.db.keyset import Page
from app.errors import NotServed
from app.http import ids
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import AgentId, ConversationId, MessageId
from app.http.paging import page
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter
from app.messages import listing
from app.messages.service import types_of

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])

Paging = Annotated[Page, Depends(page("conv", limit=50, order="desc"))]
MessagePaging = Annotated[Page, Depends(page("message", limit=100, order="desc"))]
OrderBy = Literal["created_at", "last_run_completion", "last_message_at"]
Which = Annotated[AgentId | None, Query(description="The agent, when the path says `default`.")]


@router.post("")
async def create_conversation(app: App, who: Who, agent_id: AgentId, body: CreateConversation) -> Response:
    """Start a conversation with an agent."""
    if body.isolated_block_labels:
        raise NotServed("`isolated_block_labels` is not served yet: conversations share the agent's blocks.")
    return json_bytes(await service.create(app.db, app.models, who.org_id, agent_id, ids.new(), body))


@router.get("")
async def list_conversations(
    app: App,
    who: Who,
    paging: Paging,
    agent_id: Annotated[AgentId | None, Query()] = None,
    archive_status: Literal["unarchived", "archived", "all"] = "unarchived",
    order_by: OrderBy = "created_at",
    summary_search: Text | None = None,
) -> Response:
    """Conversations, newest first; archived ones only when asked for."""
    filters = {
        "agent_id": agent_id,
        "archived": None if archive_status == "all" else archive_status == "archived",
        "summary_search": summary_search,
    }
    return json_bytes(await service.list_all(app.db, who.org_id, paging, order_by, filters))


@router.get("/{conversation_id}")
async def get_conversation(app: App, who: Who, conversation_id: ConversationId) -> Response:
    """One conversation."""
    return json_bytes(await service.get(app.db, who.org_id, conversation_id))


@router.patch("/{conversation_id}")
async def update_conversation(
    app: App, who: Who, conversation_id: ConversationId, body: UpdateConversation
) -> Response:
    """Change a conversation."""
    return json_bytes(await service.update(app.db, app.models, who.org_id, conversation_id, body))


@router.delete("/{conversation_id}")
async def delete_conversation(app: App, who: Who, conversation_id: ConversationId) -> Response:
    """Delete a conversation with its messages."""
    await service.delete(app.db, who.org_id, conversation_id)
    return json({"message": f"Conversation conv-{conversation_id} was deleted."})


@router.post("/{conversation_id}/fork")
async def fork_conversation(
    app: App,
    who: Who,
    conversation_id: Text,
    agent_id: Which = None,
    message_id: Annotated[MessageId | None, Query()] = None,
    hidden: bool = False,
) -> Response:
    """Start a conversation with what another one has in view."""
    thread = await service.thread_of(app.db, who.org_id, conversation_id, agent_id)
    made = await service.fork(app.db, who.org_id, thread, ids.new(), message_id, hidden=hidden)
    return json_bytes(made)


@router.get("/{conversation_id}/messages")
async def list_conversation_messages(
    app: App,
    who: Who,
    conversation_id: Text,
    paging: MessagePaging,
    agent_id: Which = None,
    include_return_message_types: Annotated[list[Text] | None, Query()] = None,
) -> Response:
    """A conversation's messages, newest first."""
    types = types_of(include_return_message_types)
    thread = await service.thread_of(app.db, who.org_id, conversation_id, agent_id)
    found = await listing.of_thread(app.db, who.org_id, thread, paging, types)
    if not found:
        await ensure(app.db, who.org_id, thread.agent_id)
    return json(found)


@router.post("/{conversation_id}/messages")
async def send_conversation_message(
    app: App, who: Who, conversation_id: Text, body: ConversationMessageRequest
) -> Any:
    """Send messages in a conversation; streams the answer unless `streaming` is false."""
    types = types_of(body.include_return_message_types)
    thread = await service.thread_of(app.db, who.org_id, conversation_id, body.agent_id)
    turn = await app.sender.start(
        who.org_id,
        thread.agent_id,
        body,
        streaming=body.streaming,
        conversation_id=thread.conversation_id,
    )
    if not body.streaming:
        return json_bytes(await app.sender.answer(turn, types))
    seconds = app.settings.ping_interval
    return await app.sender.stream(turn, types, pings=body.include_pings, seconds=seconds)
