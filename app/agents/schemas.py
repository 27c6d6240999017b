"""Bodies of the agent routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from app.agents.compaction import Compaction
from app.agents.rules import ToolRule
from app.blocks.schemas import CreateBlock
from app.errors import NotServed
from app.http.fields import Body, Text, refuse
from app.http.ids import Prefixed
from app.messages.schemas import MessageCreate
from app.tools.base import DEFAULTS

AgentType = Literal[
    "memgpt_agent", "memgpt_v2_agent", "letta_v1_agent", "react_agent", "workflow_agent",
    "split_thread_agent", "sleeptime_agent", "voice_convo_agent", "voice_sleeptime_agent",
]  # fmt: skip

SERVED_TYPES = frozenset(DEFAULTS)

UNSERVED = (
    "folder_ids", "source_ids", "identity_ids", "from_template",
    "template", "memory_variables", "enable_sleeptime", "include_multi_agent_tools",
    "message_buffer_autoclear",
)  # fmt: skip
"""Fields of upstream that would silently do nothing here: refused until they work."""


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone; use an IANA name such as Europe/Berlin")
    return name


Timezone = Annotated[str, AfterValidator(_timezone)]
BlockIds = list[Annotated[UUID, Prefixed("block")]]
ToolIds = list[Annotated[UUID, Prefixed("tool")]]


class _AgentFields(Body):
    """What creation and change have in common."""

    name: Text | None = Field(default=None, min_length=1, max_length=1000)
    description: Text | None = None
    system: Text | None = None
    model: Text | None = None
    embedding: Text | None = None
    llm_config: dict[str, Any] | None = None
    embedding_config: dict[str, Any] | None = None
    model_settings: dict[str, Any] | None = None
    compaction_settings: Compaction | None = None
    context_window_limit: int | None = Field(default=None, ge=4096)
    response_format: dict[str, Any] | None = None
    block_ids: BlockIds | None = None
    tool_ids: ToolIds | None = None
    tool_rules: list[ToolRule] | None = None
    tags: list[Text] | None = None
    metadata: dict[str, Any] | None = None
    timezone: Timezone | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_files_open: int | None = Field(default=None, ge=0, le=2**31 - 1)
    per_file_view_window_char_limit: int | None = Field(default=None, ge=0, le=2**31 - 1)
    hidden: bool | None = None
    parallel_tool_calls: bool | None = None
    project_id: Text | None = None
    template_id: Text | None = None
    base_template_id: Text | None = None

    secrets: dict[str, Any] | None = None
    tool_exec_environment_variables: dict[str, Any] | None = None
    folder_ids: list[str] | None = None
    source_ids: list[str] | None = None
    identity_ids: list[str] | None = None
    enable_sleeptime: bool | None = None
    message_buffer_autoclear: bool | None = None

    def check(self) -> None:
        """Raise NotServed for what this server would only pretend to do."""
        refuse(self, *(name for name in UNSERVED if name in type(self).model_fields))


class CreateAgent(_AgentFields):
    """An agent to create; everything is optional."""

    agent_type: AgentType = "letta_v1_agent"
    memory_blocks: list[CreateBlock] | None = None
    tools: list[Text] | None = None
    include_base_tools: bool = True
    include_base_tool_rules: bool | None = None
    include_multi_agent_tools: bool = False
    initial_message_sequence: list[MessageCreate] | None = None
    from_template: str | None = None
    template: bool = False
    memory_variables: dict[str, Any] | None = None

    def check(self) -> None:
        """Raise NotServed for what this server would only pretend to do."""
        super().check()
        if self.agent_type not in SERVED_TYPES:
            raise NotServed(
                f"Agents of type {self.agent_type!r} are not served yet;"
                f" use {', '.join(sorted(SERVED_TYPES))}."
            )


class UpdateAgent(_AgentFields):
    """Changes to an agent; fields that are absent stay as they are."""
