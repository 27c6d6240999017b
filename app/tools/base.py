"""The base tools' names and schemas: what models are shown and what `/v1/tools` lists.

How they run is in `turns/tools.py`; the rows are written at start (see `tools/service.py`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class BaseTool:
    """One built-in tool."""

    name: str
    kind: str
    """Letta's tool_type: `letta_core`, `letta_memory_core` …"""
    description: str
    properties: dict[str, dict[str, Any]]
    required: tuple[str, ...]

    def schema(self) -> dict[str, Any]:
        """The function as OpenAI's API wants it."""
        parameters = {"type": "object", "properties": self.properties, "required": list(self.required)}
        return {"name": self.name, "description": self.description, "parameters": parameters}

    def id_in(self, org_id: UUID) -> UUID:
        """The tool's id in an organisation: always the same, so that seeding twice changes nothing."""
        digest = hashlib.sha256(f"{org_id}/{self.name}".encode()).digest()[:16]
        return UUID(bytes=digest, version=4)


def _string(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _integer(description: str) -> dict[str, Any]:
    return {"type": "integer", "description": description}


def _strings(description: str, **item: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", **item}, "description": description}


LABEL = _string("Label of the memory block, for example `human` or `persona`.")
TAG_MODE = {
    "type": "string",
    "enum": ["any", "all"],
    "description": "Whether one of the tags is enough or all must be there. Default `any`.",
}
START = _string("Only what is from this ISO 8601 date or time on, for example 2026-01-31.")
END = _string("Only what is up to this ISO 8601 date or time; a date includes its whole day.")

BASE_TOOLS: tuple[BaseTool, ...] = (
    BaseTool(
        "send_message", "letta_core",
        "Send a message to the user. This is the only way to talk to them.",
        {"message": _string("The text of the message.")},
        ("message",),
    ),
    BaseTool(
        "conversation_search", "letta_core",
        "Search earlier messages of this conversation, also those no longer in view.",
        {
            "query": _string("Text to look for; leave it out to list by date."),
            "roles": _strings("Only messages of these roles.", enum=["user", "assistant", "system"]),
            "limit": _integer("How many messages at most. Default 5."),
            "start_date": START,
            "end_date": END,
        },
        (),
    ),
    BaseTool(
        "memory_replace", "letta_memory_core",
        "Replace text in a memory block. The old text must be there exactly once.",
        {
            "label": LABEL,
            "old_string": _string("The exact text to replace, without line numbers."),
            "new_string": _string("The text to put in its place; empty to delete."),
        },
        ("label", "old_string", "new_string"),
    ),
    BaseTool(
        "memory_insert", "letta_memory_core",
        "Insert text into a memory block after a line.",
        {
            "label": LABEL,
            "new_string": _string("The text to insert, without line numbers."),
            "insert_line": _integer("Insert after this line; 0 is the beginning, -1 (default) the end."),
        },
        ("label", "new_string"),
    ),
    BaseTool(
        "memory_rethink", "letta_sleeptime_core",
        "Rewrite a memory block as a whole: to tidy it up, or when much of it changes.",
        {"label": LABEL, "new_memory": _string("The block's whole new text, without line numbers.")},
        ("label", "new_memory"),
    ),
    BaseTool(
        "memory_apply_patch", "letta_memory_core",
        "Apply a patch to a memory block: several changes at once.",
        {
            "label": LABEL,
            "patch": _string(
                "A unified diff: kept lines start with a space, removed ones with -, added ones with +;"
                " @@ starts another place. Give enough kept lines to make each place unique."
            ),
        },
        ("label", "patch"),
    ),
    BaseTool(
        "memory_finish_edits", "letta_sleeptime_core",
        "Say that all edits of memory are done.",
        {},
        (),
    ),
    BaseTool(
        "rethink_memory", "letta_sleeptime_core",
        "Rewrite a memory block as a whole.",
        {"new_memory": _string("The block's whole new text."), "target_block_label": LABEL},
        ("new_memory", "target_block_label"),
    ),
    BaseTool(
        "memory", "letta_memory_core",
        "Manage memory blocks as files under /memories: create, edit, rename and delete them.",
        {
            "command": {
                "type": "string",
                "enum": ["create", "str_replace", "insert", "delete", "rename"],
                "description": "What to do.",
            },
            "path": _string("The block, for example /memories/human."),
            "file_text": _string("create: the block's text."),
            "description": _string("create, rename: what the block is for."),
            "old_string": _string("str_replace: the exact text to replace; it must be there exactly once."),
            "new_string": _string("str_replace: the text to put in its place; empty to delete."),
            "insert_line": _integer("insert: after this line; 0 is the beginning, -1 (default) the end."),
            "insert_text": _string("insert: the text."),
            "old_path": _string("rename: the block to rename, if not in path."),
            "new_path": _string("rename: its new path."),
        },
        ("command",),
    ),
    BaseTool(
        "core_memory_append", "letta_core",
        "Append a line to a memory block.",
        {"label": LABEL, "content": _string("The text to append.")},
        ("label", "content"),
    ),
    BaseTool(
        "core_memory_replace", "letta_core",
        "Replace text in a memory block; the old text must match exactly.",
        {
            "label": LABEL,
            "old_content": _string("The exact text to replace."),
            "new_content": _string("The text to put in its place; empty to delete."),
        },
        ("label", "old_content", "new_content"),
    ),
    BaseTool(
        "archival_memory_insert", "letta_core",
        "Store a self-contained fact in long-term memory, where it can be searched by meaning.",
        {"content": _string("The fact to store."), "tags": _strings("Categories to find it by.")},
        ("content",),
    ),
    BaseTool(
        "archival_memory_search", "letta_core",
        "Search long-term memory by meaning.",
        {
            "query": _string("What to look for, in words."),
            "tags": _strings("Only facts with these tags."),
            "tag_match_mode": TAG_MODE,
            "top_k": _integer("How many facts at most. Default 5."),
            "start_datetime": START,
            "end_datetime": END,
        },
        ("query",),
    ),
)  # fmt: skip

DEFAULTS: dict[str, tuple[str, ...]] = {
    "letta_v1_agent": ("conversation_search", "memory_replace", "memory_insert"),
    "memgpt_agent": (
        "send_message", "conversation_search", "core_memory_append", "core_memory_replace", "memory",
        "memory_apply_patch",
    ),
    "memgpt_v2_agent": ("send_message", "conversation_search", "memory_replace", "memory_insert"),
    "sleeptime_agent": ("memory_replace", "memory_insert", "memory_rethink", "memory_finish_edits"),
    "react_agent": (),
    "workflow_agent": (),
}  # fmt: skip
"""What `include_base_tools` attaches, by agent type. The archival tools are attached by name."""
