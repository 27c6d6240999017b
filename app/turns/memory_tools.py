"""Tools that edit memory blocks: each edit is one change under a row lock, in the step's transaction."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from app.blocks.schemas import DEFAULT_LIMIT
from app.http import ids
from app.turns import block_queries as queries
from app.turns import patches
from app.turns.calls import Context, Prepared, ToolError

LINE_NUMBER = re.compile(r"(?:^|\n)Line \d+: ")


async def append(context: Context, call: Prepared) -> str:
    """core_memory_append: a line at the end."""
    content = call.arguments["content"]
    return await _edit(
        context, call.arguments["label"], lambda value: f"{value}\n{content}" if value else content
    )


async def core_replace(context: Context, call: Prepared) -> str:
    """core_memory_replace: every occurrence of an exact text."""
    old, new = call.arguments["old_content"], call.arguments["new_content"]

    def change(value: str) -> str:
        if not old or old not in value:
            raise ToolError(f"The text {old!r} is not in the memory block; it must match exactly.")
        return value.replace(old, new)

    return await _edit(context, call.arguments["label"], change)


async def replace(context: Context, call: Prepared) -> str:
    """memory_replace: a text that is there exactly once."""
    given = call.arguments
    return await _edit(context, given["label"], _replacement(given["old_string"], given["new_string"]))


async def insert(context: Context, call: Prepared) -> str:
    """memory_insert: text after a line."""
    given = call.arguments
    return await _edit(context, given["label"], _insertion(given["new_string"], given.get("insert_line", -1)))


async def rethink(context: Context, call: Prepared) -> str:
    """memory_rethink and rethink_memory: a whole new text."""
    given = call.arguments
    new = _without_line_numbers(given["new_memory"])
    return await _edit(context, given.get("label") or given["target_block_label"], lambda _: new)


async def apply_patch(context: Context, call: Prepared) -> str:
    """memory_apply_patch: a unified diff."""
    patch = call.arguments["patch"]
    return await _edit(context, call.arguments["label"], lambda value: patches.apply(value, patch))


async def finish_edits(_context: Context, _call: Prepared) -> str:
    """memory_finish_edits: says that the agent is done; the rules end its turn."""
    return "The edits are finished."


async def memory(context: Context, call: Prepared) -> str:
    """The `memory` tool: blocks as files under /memories."""
    given = call.arguments
    match given["command"]:
        case "create":
            return await _create(context, _label(given, "path"), given)
        case "str_replace":
            change = _replacement(_needed(given, "old_string"), given.get("new_string", ""))
            return await _edit(context, _label(given, "path"), change)
        case "insert":
            change = _insertion(_needed(given, "insert_text"), given.get("insert_line", -1))
            return await _edit(context, _label(given, "path"), change)
        case "delete":
            return await _delete(context, _label(given, "path"))
        case _:
            return await _rename(context, given)


async def _create(context: Context, label: str, given: dict[str, Any]) -> str:
    value = given.get("file_text", "")
    if len(value) > DEFAULT_LIMIT:
        raise ToolError(f"file_text has {len(value)} characters; a memory block has at most {DEFAULT_LIMIT}.")
    description = given.get("description", "")
    created = await context.tx.value(
        queries.CREATE, context.org_id, context.agent_id, ids.new(), label, value, DEFAULT_LIMIT, description
    )
    if created is None:
        raise ToolError(f"There is a memory block labelled {label!r} already.")
    return f"The memory block {label!r} was created."


async def _delete(context: Context, label: str) -> str:
    await _locked(context, label)
    await context.tx.rows(queries.DETACH, context.org_id, context.agent_id, label)
    return f"The memory block {label!r} is no longer part of the agent's memory."


async def _rename(context: Context, given: dict[str, Any]) -> str:
    """A new label, or with `description` alone a new description."""
    old = _label(given, "path" if given.get("path") else "old_path")
    block = await _locked(context, old)
    new = _label(given, "new_path") if given.get("new_path") else old
    if new == old and given.get("description") is None:
        raise ToolError("rename needs new_path, or a new description.")
    renamed = await context.tx.value(
        queries.RENAME, context.org_id, context.agent_id, block["id"], new, given.get("description")
    )
    if renamed is None:
        raise ToolError(f"There is a memory block labelled {new!r} already.")
    return f"The memory block {old!r} is now {new!r}."


def _label(given: dict[str, Any], name: str) -> str:
    """The block's label for a path such as /memories/project/plan."""
    path = _needed(given, name).strip().strip("/")
    label = path.removeprefix("memories/").replace("/", "_")
    if not label or label == "memories":
        raise ToolError(f"{name} is {given[name]!r}; it must name a file, such as /memories/human.")
    return label


def _needed(given: dict[str, Any], name: str) -> str:
    if given.get(name) is None:
        raise ToolError(f"The command {given['command']} needs {name}.")
    return given[name]


def _replacement(old: str, new: str) -> Callable[[str], str]:
    for text in (old, new):
        _without_line_numbers(text)

    def change(value: str) -> str:
        found = value.count(old) if old else 0
        if found != 1:
            raise ToolError(
                f"The text {old!r} is in the memory block {found} times; it must be there exactly once."
            )
        return value.replace(old, new)

    return change


def _insertion(new: str, after: int) -> Callable[[str], str]:
    _without_line_numbers(new)

    def change(value: str) -> str:
        lines = value.split("\n") if value else []
        if not -1 <= after <= len(lines):
            raise ToolError(
                f"insert_line is {after}; the block has {len(lines)} lines, so give -1 to {len(lines)}."
            )
        position = len(lines) if after == -1 else after
        return "\n".join([*lines[:position], new, *lines[position:]])

    return change


def _without_line_numbers(text: str) -> str:
    if LINE_NUMBER.search(text):
        raise ToolError("Leave out the line numbers; they are not part of the block.")
    return text


async def _locked(context: Context, label: str) -> Any:
    """The block, locked so that two agents sharing it never lose an edit."""
    block = await context.tx.row(queries.LOCK, context.org_id, context.agent_id, label)
    if block is None:
        raise ToolError(f"There is no memory block labelled {label!r}.")
    if block["read_only"]:
        raise ToolError(f"The memory block {label!r} is read-only.")
    return block


async def _edit(context: Context, label: str, change: Callable[[str], str]) -> str:
    block = await _locked(context, label)
    value = change(block["value"])
    if len(value) > block["char_limit"]:
        raise ToolError(
            f"The edit would make block {label!r} {len(value)} characters long; its limit is"
            f" {block['char_limit']}. Shorten it, or remove something first."
        )
    await context.tx.rows(queries.WRITE, context.org_id, block["id"], value)
    return f"The memory block {label!r} was updated; it has {len(value)} of {block['char_limit']} characters."
