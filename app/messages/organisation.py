"""`/v1/messages`: messages of all agents."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from app.conversations.service import thread_of
from app.db.keyset import Page
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import MessageId
from app.http.paging import page
from app.http.respond import json
from app.http.routing import APIRouter
from app.messages import listing
from app.messages.service import types_of

router = APIRouter(prefix="/v1/messages", tags=["messages"])

Paging = Annotated[Page, Depends(page("message", limit=100, order="desc"))]


@router.get("")
async def list_all_messages(
    app: App,
    who: Who,
    paging: Paging,
    conversation_id: Text | None = None,
    include_return_message_types: Annotated[list[Text] | None, Query()] = None,
) -> Response:
    """Messages of all agents, newest first; of one conversation if `conversation_id` says so."""
    types = types_of(include_return_message_types)
    if conversation_id is None:
        return json(await listing.of_organisation(app.db, who.org_id, paging, types))
    thread = await thread_of(app.db, who.org_id, conversation_id, None)
    return json(await listing.of_thread(app.db, who.org_id, thread, paging, types))


@router.get("/{message_id}")
async def get_message(app: App, who: Who, message_id: MessageId) -> Response:
    """The parts of one message."""
    return json(await listing.one(app.db, who.org_id, message_id))
