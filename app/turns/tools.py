"""How the base tools run: inside the transaction that stores their return, hence exactly once.

What needs the network (embeddings) is done before; see `Prepared`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.archives import service as archives
from app.db.pool import Session
from app.errors import AppError
from app.llm.types import ToolCall
from app.models.service import Models
from app.tools.base import BASE_TOOLS
from app.turns import queries

EMBEDDED = {"archival_memory_insert": "content", "archival_memory_search": "query"}
"""Tools that need a vector, and of which argument."""

LINE_NUMBER = re.compile(r"(?:^|\n)Line \d+: ")
PAGE = 5
LONGEST_SEARCH = 100


class ToolError(Exception):
    """The tool could not do it; the message goes to the model, which may try differently."""


@dataclass(frozen=True)
class Context:
    """Where a tool runs."""

    tx: Session
    org_id: UUID
    agent_id: UUID
    models: Models


@dataclass(frozen=True)
class Prepared:
    """A call whose arguments were checked and whose vector, if it needs one, is there."""

    call: ToolCall
    arguments: dict[str, Any]
    vector: list[float] | None = None
    error: str | None = None
    """Why it cannot run; then nothing else is set."""
    outside: Callable[[], Awaitable[Result]] | None = None
    """How to run a tool that acts outside our database. It runs before the step's transaction, at most once
    whatever crashes (`turns/outside.py`), and must not raise; base tools run in the transaction instead."""


@dataclass(frozen=True)
class Result:
    """What the model gets back."""

    text: str
    ok: bool


async def prepare(models: Models, offered: set[str], call: ToolCall) -> Prepared:
    """Check a call and fetch its vector. Never raises for what the model did wrong."""
    try:
        arguments = _arguments(offered, call)
        field = EMBEDDED.get(call.name)
        if field is None:
            return Prepared(call, arguments)
        archives.check_text(arguments[field])
        (vector,) = await models.embed([arguments[field]])
        return Prepared(call, arguments, vector)
    except (ToolError, AppError) as error:
        return Prepared(call, {}, error=str(error))


async def run(context: Context, prepared: Prepared) -> Result:
    """Run one call. A database failure propagates and undoes the whole step."""
    if prepared.error is not None:
        return Result(prepared.error, ok=False)
    try:
        return Result(await RUNNERS[prepared.call.name](context, prepared), ok=True)
    except (ToolError, AppError) as error:
        return Result(str(error), ok=False)


def _arguments(offered: set[str], call: ToolCall) -> dict[str, Any]:
    if call.name not in offered or call.name not in RUNNERS:
        raise ToolError(f"There is no tool {call.name!r}; there are {', '.join(sorted(offered)) or 'none'}.")
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError as error:
        raise ToolError(f"The arguments are not valid JSON: {error}.") from None
    if not isinstance(arguments, dict):
        raise ToolError("The arguments must be a JSON object.")
    tool = next(tool for tool in BASE_TOOLS if tool.name == call.name)
    absent = [name for name in tool.required if arguments.get(name) is None]
    if absent:
        raise ToolError(f"{call.name} needs {', '.join(absent)}.")
    return {
        name: _typed(name, value, tool.properties[name])
        for name, value in arguments.items()
        if name in tool.properties and value is not None
    }


def _typed(name: str, value: Any, schema: dict[str, Any]) -> Any:
    """The value if it is what the schema says; models like to send numbers as text and one tag as text."""
    if schema["type"] == "string" and isinstance(value, str):
        if "enum" in schema and value not in schema["enum"]:
            raise ToolError(f"{name} is {value!r}; it must be one of {', '.join(schema['enum'])}.")
        return value.replace("\x00", "")
    if schema["type"] == "integer" and not isinstance(value, bool):
        try:
            return int(value)
        except (TypeError, ValueError):
            pass
    if schema["type"] == "array":
        items = [value] if isinstance(value, str) else value
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return [item.replace("\x00", "") for item in items]
    raise ToolError(f"{name} is {value!r}; it must be of type {schema['type']}.")


async def _edit(context: Context, label: str, change: Callable[[str], str]) -> str:
    """Change a block under a row lock, so that two agents sharing it never lose an edit."""
    block = await context.tx.row(queries.LOCK_BLOCK, context.org_id, context.agent_id, label)
    if block is None:
        raise ToolError(f"There is no memory block labelled {label!r}.")
    if block["read_only"]:
        raise ToolError(f"The memory block {label!r} is read-only.")
    value = change(block["value"])
    if len(value) > block["char_limit"]:
        raise ToolError(
            f"The edit would make block {label!r} {len(value)} characters long; its limit is"
            f" {block['char_limit']}. Shorten it, or remove something first."
        )
    await context.tx.rows(queries.WRITE_BLOCK, context.org_id, block["id"], value)
    return f"The memory block {label!r} was updated; it has {len(value)} of {block['char_limit']} characters."


async def _append(context: Context, call: Prepared) -> str:
    content = call.arguments["content"]
    return await _edit(
        context, call.arguments["label"], lambda value: f"{value}\n{content}" if value else content
    )


async def _core_replace(context: Context, call: Prepared) -> str:
    old, new = call.arguments["old_content"], call.arguments["new_content"]

    def change(value: str) -> str:
        if not old or old not in value:
            raise ToolError(f"The text {old!r} is not in the memory block; it must match exactly.")
        return value.replace(old, new)

    return await _edit(context, call.arguments["label"], change)


async def _replace(context: Context, call: Prepared) -> str:
    old, new = call.arguments["old_string"], call.arguments["new_string"]
    for text in (old, new):
        if LINE_NUMBER.search(text):
            raise ToolError("Leave out the line numbers; they are not part of the block.")

    def change(value: str) -> str:
        found = value.count(old) if old else 0
        if found != 1:
            raise ToolError(
                f"The text {old!r} is in the memory block {found} times; it must be there exactly once."
            )
        return value.replace(old, new)

    return await _edit(context, call.arguments["label"], change)


async def _insert(context: Context, call: Prepared) -> str:
    new, after = call.arguments["new_string"], call.arguments.get("insert_line", -1)
    if LINE_NUMBER.search(new):
        raise ToolError("Leave out the line numbers; they are not part of the block.")

    def change(value: str) -> str:
        lines = value.split("\n") if value else []
        if not -1 <= after <= len(lines):
            raise ToolError(
                f"insert_line is {after}; the block has {len(lines)} lines, so give -1 to {len(lines)}."
            )
        position = len(lines) if after == -1 else after
        return "\n".join([*lines[:position], new, *lines[position:]])

    return await _edit(context, call.arguments["label"], change)


async def _conversation_search(context: Context, call: Prepared) -> str:
    given = call.arguments
    roles = [
        role
        for role in given.get("roles") or ("user", "assistant")
        if role in {"user", "assistant", "system"}
    ]
    query = given.get("query") or None
    escaped = re.sub(r"([\\%_])", r"\\\1", query) if query else None
    start, end = _moment(given.get("start_date")), _moment(given.get("end_date"), end=True)
    limit = _bounded(given.get("limit"))
    rows = await context.tx.rows(
        queries.SEARCH_MESSAGES, context.org_id, context.agent_id, roles, escaped, start, end, limit
    )
    found = [
        {"timestamp": row["created_at"].isoformat(), "role": row["role"], "content": row["text"]}
        for row in rows
    ]
    return orjson.dumps({"results": found, "count": len(found)}).decode()


async def _archival_insert(context: Context, call: Prepared) -> str:
    embedding = context.models.embedding
    assert embedding is not None
    assert call.vector is not None
    tags = tuple(call.arguments.get("tags") or ())
    passage = archives.NewPassage(call.arguments["content"], call.vector, embedding, tags)
    await archives.insert(context.tx, context.org_id, context.agent_id, passage)
    return "Stored in archival memory."


async def _archival_search(context: Context, call: Prepared) -> str:
    embedding = context.models.embedding
    assert embedding is not None
    assert call.vector is not None
    given = call.arguments
    wanted = archives.Search(
        call.vector,
        embedding,
        _bounded(given.get("top_k")),
        tuple(given.get("tags") or ()),
        given.get("tag_match_mode", "any"),
        _moment(given.get("start_datetime")),
        _moment(given.get("end_datetime"), end=True),
    )
    found = await archives.search(context.tx, context.org_id, context.agent_id, wanted)
    return orjson.dumps({"results": found, "count": len(found)}).decode()


def _bounded(limit: int | None) -> int:
    return min(max(limit or PAGE, 1), LONGEST_SEARCH)


def _moment(text: str | None, *, end: bool = False) -> datetime | None:
    """An ISO date or time; an end given as a date includes that day. Without a zone it is UTC."""
    if not text:
        return None
    try:
        if len(text) <= 10:
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(
                microseconds=1 if end else 0
            )
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ToolError(f"{text!r} is not an ISO 8601 date or time, such as 2026-01-31T09:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


RUNNERS: dict[str, Callable[[Context, Prepared], Awaitable[str]]] = {
    "memory_replace": _replace,
    "memory_insert": _insert,
    "core_memory_append": _append,
    "core_memory_replace": _core_replace,
    "conversation_search": _conversation_search,
    "archival_memory_insert": _archival_insert,
    "archival_memory_search": _archival_search,
}
