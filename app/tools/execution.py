"""Runs of tools that no agent asked for: `/v1/tools/run` and `/v1/agents/{id}/tools/{name}/run`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from app.agents import service as agents
from app.errors import Forbidden, NotFound
from app.http import ids
from app.llm.types import ToolCall
from app.sandbox.types import Result
from app.tools import definition, queries
from app.tools.schemas import RunSource, RunTool
from app.turns import custom, tools
from app.turns.calls import Context

if TYPE_CHECKING:
    from app.services import Services


async def run_source(app: Services, body: RunSource) -> dict[str, Any]:
    """Run source; Letta's ToolReturnMessage. Raises Forbidden unless it is switched on."""
    if not app.settings.tool_run_source:
        raise Forbidden(
            "This server does not run source that is sent to it; create a tool and attach it to an agent, or"
            " set ROOST_TOOL_RUN_SOURCE=true."
        )
    definition.check_language(body.source_type)
    definition.check_requirements(body.pip_requirements, body.npm_requirements, app.settings.packages)
    name = definition.function_of(body)
    result = await app.custom.run_source(body.source_code, name, body.args, body.env_vars or {})
    return _message(name, result)


async def run_of_agent(
    app: Services, org_id: UUID, agent_id: UUID, name: str, body: RunTool
) -> dict[str, Any]:
    """Run an agent's tool as the agent would; Letta's ToolExecutionResult. Raises NotFound."""
    row = await app.db.row(queries.CALL, org_id, agent_id, name)
    if row is None:
        await agents.ensure(app.db, org_id, agent_id)
        raise NotFound(f"The agent has no tool {name!r}; attach it first.")
    if row["tool_type"] == "custom":
        result = await app.custom.call(org_id, agent_id, name, body.args)
    else:
        result = await _base_tool(app, org_id, agent_id, name, body.args)
    return {
        "status": "success" if result.ok else "error",
        "func_return": (result.text if result.value is None else result.value) if result.ok else result.text,
        "stdout": result.stdout,
        "stderr": result.stderr,
        "agent_state": None,
        "sandbox_config_fingerprint": None,
    }


async def _base_tool(
    app: Services, org_id: UUID, agent_id: UUID, name: str, arguments: dict[str, Any]
) -> Result:
    call = ToolCall("call-direct", name, orjson.dumps(arguments).decode())
    runner = custom.runner(app.custom, org_id, agent_id)
    prepared = await tools.prepare(app.models, {name}, call, runner)
    async with app.db.tx() as tx:
        result = await tools.run(Context(tx, org_id, agent_id, app.models), prepared)
    return Result(result.ok, result.text)


def _message(name: str, result: Result) -> dict[str, Any]:
    status, text = "success" if result.ok else "error", result.text
    call_id = "call-direct"
    one = {
        "type": "tool",
        "tool_return": text,
        "status": status,
        "tool_call_id": call_id,
        "stdout": result.stdout,
        "stderr": result.stderr,
    }
    return {
        "id": f"message-{ids.new()}",
        "date": datetime.now(UTC).isoformat(),
        "message_type": "tool_return_message",
        "name": name,
        **{key: value for key, value in one.items() if key != "type"},
        "tool_returns": [one],
    }
