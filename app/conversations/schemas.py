"""Bodies of the conversation routes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from app.agents.compaction import Compaction
from app.http.fields import Body, Text
from app.http.ids import AgentId, RunId
from app.messages.schemas import MessageRequest


class _ConversationFields(Body):
    """What creation and change have in common."""

    summary: Text | None = None
    description: Text | None = None
    model: Text | None = None
    model_settings: dict[str, Any] | None = None
    context_window_limit: int | None = Field(default=None, ge=4096)


class CreateConversation(_ConversationFields):
    """A conversation to start; everything is optional."""

    hidden: bool = False
    isolated_block_labels: list[Text] | None = None


class UpdateConversation(_ConversationFields):
    """Changes to a conversation; fields that are absent stay as they are."""

    archived: bool | None = None
    last_message_at: datetime | None = None


class ThreadBody(Body):
    """Which agent is meant when the path says `default`."""

    agent_id: AgentId | None = None


class ConversationMessageRequest(MessageRequest):
    """A message request; here streaming is the default."""

    streaming: bool = True
    agent_id: AgentId | None = None


class CompactRequest(ThreadBody):
    """How to compact; absent settings are the agent's."""

    compaction_settings: Compaction | None = None


class ResumeRequest(ThreadBody):
    """From where a stream is wanted again."""

    run_id: RunId | None = None
    otid: Text | None = None
    starting_after: int = Field(default=0, ge=0, le=2**53)
    include_pings: bool | None = True
    poll_interval: float = Field(default=0.1, ge=0.05, le=10)
    batch_size: int = Field(default=100, ge=1, le=1000)


class RecompileRequest(ThreadBody):
    """Which thread; how it is compacted does not matter to its prompt."""
