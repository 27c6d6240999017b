"""An agent file (`.af`): agents with their blocks, tools and messages, apart from any server's ids."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from app.agents.schemas import AgentType, Timezone
from app.http.fields import Body, JsonObject, Moment, Text

MAX_AGENTS = 100
MAX_MESSAGES = 10_000


class FileBlock(Body):
    """A memory block; `id` is the file's own."""

    id: Text
    label: Text = Field(min_length=1)
    value: Text
    limit: int | None = None
    description: Text | None = None
    read_only: bool | None = None
    metadata: JsonObject | None = None
    tags: list[Text] | None = None


class FileTool(Body):
    """A tool; one that is built in has no source that counts."""

    id: Text
    name: Text | None = None
    tool_type: Text | None = None
    description: Text | None = None
    source_type: Text | None = None
    source_code: Text | None = None
    json_schema: JsonObject | None = None
    tags: list[Text] | None = None
    return_char_limit: int | None = Field(default=None, ge=1, le=1_000_000)
    default_requires_approval: bool | None = None

    @property
    def called(self) -> str:
        """Its name, which older files have in the schema only."""
        return self.name or str((self.json_schema or {}).get("name") or self.id)


class FileMessage(Body):
    """A message as Letta stores it: content in parts, calls in OpenAI's shape."""

    id: Text
    role: Text
    content: Text | list[JsonObject] | None = None
    name: Text | None = None
    model: Text | None = None
    tool_calls: list[JsonObject] | None = None
    tool_call_id: Text | None = None
    tool_returns: list[JsonObject] | None = None
    created_at: Moment | None = None


class FileAgent(Body):
    """An agent, which names its blocks, tools and messages by the file's ids."""

    id: Text
    name: Text | None = None
    agent_type: AgentType = "letta_v1_agent"
    description: Text | None = None
    system: Text | None = None
    model: Text | None = None
    embedding: Text | None = None
    llm_config: JsonObject | None = None
    embedding_config: JsonObject | None = None
    model_settings: JsonObject | None = None
    compaction_settings: JsonObject | None = None
    response_format: JsonObject | None = None
    tool_rules: list[JsonObject] | None = None
    tags: list[Text] | None = None
    metadata: JsonObject | None = None
    timezone: Timezone | None = None
    max_files_open: int | None = Field(default=None, ge=0, le=2**31 - 1)
    per_file_view_window_char_limit: int | None = Field(default=None, ge=0, le=2**31 - 1)
    block_ids: list[Text] | None = None
    tool_ids: list[Text] | None = None
    tool_exec_environment_variables: JsonObject | None = None
    in_context_message_ids: list[Text] = Field(default=[])
    messages: list[FileMessage] = Field(default=[], max_length=MAX_MESSAGES)


class AgentFile(Body):
    """The whole file."""

    agents: list[FileAgent] = Field(min_length=1, max_length=MAX_AGENTS)
    blocks: list[FileBlock] = Field(default=[])
    tools: list[FileTool] = Field(default=[])
    groups: list[Any] = Field(default=[])
    files: list[Any] = Field(default=[])
    sources: list[Any] = Field(default=[])
    mcp_servers: list[Any] = Field(default=[])
