"""From a tool's name to what runs it.

Base tools run inside the transaction that stores their return, hence exactly once. What needs the network
(embeddings) is done before; see `Prepared`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from app.archives import service as archives
from app.errors import AppError
from app.llm.types import ToolCall
from app.models.service import Models
from app.tools.base import BASE_TOOLS
from app.turns import memory_tools, recall_tools
from app.turns.arguments import checked, parsed
from app.turns.calls import Context, Prepared, Result, ToolError
from app.turns.custom import Runner

EMBEDDED = {"archival_memory_insert": "content", "archival_memory_search": "query"}
"""Tools that need a vector, and of which argument."""

SCHEMAS = {tool.name: tool.schema() for tool in BASE_TOOLS}


async def prepare(models: Models, offered: set[str], call: ToolCall, custom: Runner) -> Prepared:
    """Check a call and fetch its vector. Never raises for what the model did wrong."""
    try:
        if call.name in offered and call.name not in RUNNERS:
            arguments = parsed(call.arguments)
            return Prepared(call, arguments, outside=partial(custom, call.name, arguments))
        arguments = _arguments(offered, call)
        field = EMBEDDED.get(call.name)
        if call.name == "conversation_search" and models.message_embedding and arguments.get("query"):
            field = "query"
        if field is None:
            return Prepared(call, arguments)
        archives.check_text(arguments[field])
        (vector,) = await models.embed([arguments[field]])
        return Prepared(call, arguments, vector)
    except (ToolError, AppError) as error:
        return Prepared(call, {}, error=str(error))


def _arguments(offered: set[str], call: ToolCall) -> dict[str, Any]:
    if call.name not in offered or call.name not in RUNNERS:
        raise ToolError(f"There is no tool {call.name!r}; there are {', '.join(sorted(offered)) or 'none'}.")
    return checked(parsed(call.arguments), SCHEMAS[call.name])


async def run(context: Context, prepared: Prepared) -> Result:
    """Run one call. A database failure propagates and undoes the whole step."""
    if prepared.error is not None:
        return Result(prepared.error, ok=False)
    if prepared.result is not None:
        return prepared.result
    try:
        return Result(await RUNNERS[prepared.call.name](context, prepared), ok=True)
    except (ToolError, AppError) as error:
        return Result(str(error), ok=False)


async def _send_message(_context: Context, _call: Prepared) -> str:
    """The message is the call itself: clients are shown its argument."""
    return "Sent message successfully."


RUNNERS: dict[str, Callable[[Context, Prepared], Awaitable[str]]] = {
    "send_message": _send_message,
    "memory": memory_tools.memory,
    "memory_replace": memory_tools.replace,
    "memory_insert": memory_tools.insert,
    "memory_rethink": memory_tools.rethink,
    "memory_apply_patch": memory_tools.apply_patch,
    "memory_finish_edits": memory_tools.finish_edits,
    "rethink_memory": memory_tools.rethink,
    "core_memory_append": memory_tools.append,
    "core_memory_replace": memory_tools.core_replace,
    "conversation_search": recall_tools.conversation_search,
    "archival_memory_insert": recall_tools.archival_insert,
    "archival_memory_search": recall_tools.archival_search,
}
