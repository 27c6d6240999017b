"""Request bodies as the agent server sends them."""

from __future__ import annotations

import json
from typing import Any

from local.standin.standin import CHAT_MODEL

MEMORY = """You are an agent.
<memory_blocks>
The following memory blocks are currently engaged:

<persona>
<description>
Who you are.
</description>
<metadata>
- read_only=true
- chars_current=20
- chars_limit=5000
</metadata>
<value>
I am a kind helper.
</value>
</persona>

<human>
<description>
Who they are.
</description>
<metadata>
- chars_current=30
- chars_limit=5000
</metadata>
<value>
1→ Name: Ada
2→ my favourite bird is the kingfisher.
</value>
</human>

</memory_blocks>
"""


def tool(name: str, required: tuple[str, ...], **properties: str) -> dict[str, Any]:
    """An OpenAI tool whose parameters have these JSON types."""
    schema = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(required),
    }
    return {"type": "function", "function": {"name": name, "description": "", "parameters": schema}}


MEMORY_INSERT = tool(
    "memory_insert", ("label", "new_string"), label="string", new_string="string", insert_line="integer"
)
CORE_APPEND = tool("core_memory_append", ("label", "content"), label="string", content="string")
ARCHIVAL_INSERT = tool("archival_memory_insert", ("content",), content="string", tags="array")
ARCHIVAL_SEARCH = tool("archival_memory_search", ("query",), query="string", top_k="integer")
CONVERSATION_SEARCH = tool("conversation_search", ("query",), query="string", limit="integer")
SEND_MESSAGE = tool(
    "send_message",
    ("message", "thinking", "request_heartbeat"),
    message="string",
    thinking="string",
    request_heartbeat="boolean",
)


def chat(
    user: str, *, system: str = "", tools: tuple[dict[str, Any], ...] = (), **more: Any
) -> dict[str, Any]:
    """A chat completion request with one user message."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    body: dict[str, Any] = {"model": CHAT_MODEL, "messages": messages, **more}
    return {**body, "tools": list(tools)} if tools else body


def wrapped(user: str) -> str:
    """A user's words as Letta packs them for the model."""
    return json.dumps({"type": "user_message", "message": user, "time": "2026-11-21 09:00:00 AM UTC+0000"})


def after_call(body: dict[str, Any], answer: dict[str, Any], returned: str) -> dict[str, Any]:
    """The next request: `body`, the tool call that `answer` made, and what the tool returned."""
    message = answer["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": returned}
    return {**body, "messages": [*body["messages"], message, result]}
