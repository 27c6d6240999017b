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
}
"""What `include_base_tools` attaches, by agent type. The archival tools are attached by name."""
