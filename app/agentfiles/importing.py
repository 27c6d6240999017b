"""Reads an agent file: its tools and blocks are found or made, then its agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from app.agentfiles import queries
from app.agentfiles.messages import inwards
from app.agentfiles.schemas import AgentFile, FileAgent, FileBlock, FileTool
from app.agents import creating
from app.agents.schemas import CreateAgent
from app.blocks.schemas import DEFAULT_LIMIT, CreateBlock
from app.errors import NotServed, Unprocessable
from app.messages.rows import NewMessage
from app.services import Services
from app.tools import service as tools
from app.tools.schemas import CreateTool


@dataclass(frozen=True)
class Options:
    """How to import."""

    name: str | None = None
    copy_suffix: bool = True
    model: str | None = None
    embedding: str | None = None
    project_id: str | None = None
    secrets: dict[str, str] | None = None
    override_tools: bool = True
    strip_messages: bool = False


def parse(data: bytes) -> AgentFile:
    """The file. Raises Unprocessable for what is no agent file, NotServed for parts that we cannot take."""
    try:
        file = AgentFile.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise Unprocessable(f"The file is no agent file: {where}: {first['msg']}.") from None
    for name in ("groups", "files", "sources", "mcp_servers"):
        if getattr(file, name):
            raise NotServed(f"The file has {name}, which this server does not serve yet; take them out.")
    return file


async def load(app: Services, org_id: UUID, file: AgentFile, options: Options) -> list[str]:
    """Make the file's agents; their ids. What was made before a failure stays, as with single requests."""
    tool_ids = await _tools(app, org_id, file.tools, override=options.override_tools)
    blocks = {block.id: block for block in file.blocks}
    made: list[str] = []
    for agent in file.agents:
        body = _body(agent, blocks, tool_ids, options)
        history, start = ([], None) if options.strip_messages else _history(agent)
        agent_id = await creating.create(app.db, app.models, app.cipher, org_id, body, history, start)
        made.append(f"agent-{agent_id}")
    return made


def _body(
    agent: FileAgent, blocks: dict[str, FileBlock], tool_ids: dict[str, UUID], options: Options
) -> CreateAgent:
    name = options.name or agent.name
    if options.copy_suffix and name and not options.name:
        name = f"{name}_copy"
    secrets = {key: value for key, value in (agent.tool_exec_environment_variables or {}).items() if value}
    values: dict[str, Any] = {
        field: getattr(agent, field)
        for field in (
            "agent_type", "description", "system", "compaction_settings", "response_format", "tool_rules",
            "tags", "metadata", "timezone", "max_files_open", "per_file_view_window_char_limit",
        )
    }  # fmt: skip
    values |= {
        "name": name,
        "include_base_tools": False,
        "memory_blocks": [_block(_known(blocks, one, "block")) for one in agent.block_ids or ()],
        "tool_ids": [f"tool-{_known(tool_ids, one, 'tool')}" for one in agent.tool_ids or ()],
        "project_id": options.project_id,
        "secrets": (secrets | (options.secrets or {})) or None,
        "embedding": options.embedding,
    }
    if options.model:
        values["model"] = options.model
    else:
        values |= {"model": agent.model, "model_settings": agent.model_settings}
        values["llm_config"] = None if agent.model else agent.llm_config
    try:
        return CreateAgent.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Unprocessable(f"The agent {agent.name!r} of the file cannot be made: {first['msg']}.") from None


def _block(block: FileBlock) -> CreateBlock:
    return CreateBlock(
        label=block.label,
        value=block.value,
        limit=max(block.limit or DEFAULT_LIMIT, len(block.value)),
        description=block.description,
        read_only=bool(block.read_only),
        metadata=block.metadata,
        tags=block.tags,
    )


def _history(agent: FileAgent) -> tuple[list[NewMessage], int | None]:
    """The messages after the system prompt, which is compiled anew; and the first of them in view."""
    messages = agent.messages[1:] if agent.messages and agent.messages[0].role == "system" else agent.messages
    pairs = [(message, row) for message in messages if (row := inwards(message)) is not None]
    in_view = set(agent.in_context_message_ids)
    start = next((n for n, (message, _) in enumerate(pairs) if message.id in in_view), len(pairs))
    return [row for _, row in pairs], start + 2


def _known(named: dict[str, Any], one: str, kind: str) -> Any:
    if one not in named:
        raise Unprocessable(f"The file's agent has the {kind} {one!r}, which the file does not define.")
    return named[one]


async def _tools(app: Services, org_id: UUID, wanted: list[FileTool], *, override: bool) -> dict[str, UUID]:
    """The file's tool ids to ours. Built-in tools are ours; others are made, or changed if we may."""
    names = [tool.called for tool in wanted]
    rows = await app.db.rows(queries.TOOLS_BY_NAME, org_id, names)
    known: dict[str, Any] = {row["name"]: row for row in rows}
    found: dict[str, UUID] = {}
    for tool in wanted:
        ours = known.get(tool.called)
        if ours is not None and (ours["tool_type"] != "custom" or not override):
            found[tool.id] = ours["id"]
        elif tool.source_code and tool.tool_type in {None, "custom"}:
            found[tool.id] = await _made(app, org_id, tool)
        else:
            raise Unprocessable(
                f"The file's tool {tool.called!r} is not one of this server's, and has no source."
            )
    return found


async def _made(app: Services, org_id: UUID, tool: FileTool) -> UUID:
    try:
        body = CreateTool.model_validate(
            tool.model_dump(exclude={"id", "name", "tool_type"}, exclude_none=True)
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Unprocessable(f"The file's tool {tool.called!r} cannot be made: {first['msg']}.") from None
    made = orjson.loads(await tools.upsert(app.db, org_id, body, app.settings.packages))
    return UUID(made["id"].removeprefix("tool-"))
