"""The system prompt as the model sees it: the agent's text, its memory blocks, and facts about its memory.

Compiled once and stored; `key` tells whether what it shows has changed, so that the prompt stays byte for
byte the same (providers cache its prefix) until it must not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.agents.rules import TALK_BY_TOOLS, statements

PLACEHOLDER = "{CORE_MEMORY}"

DEFAULT_SYSTEM = """\
You are an agent with a memory that outlasts the conversation.
What you know of yourself and of the people you talk to is in the memory blocks below; it is always in \
view. Earlier messages may have scrolled out of view: search them with conversation_search.
When you learn something worth keeping, write it to a memory block with your memory tools right away, in \
short statements, and correct blocks that turn out to be wrong. Do not claim to remember what is neither in \
view nor found by a search.
Answer in plain text. Call tools when they help; when you have nothing more to do, just answer.
"""

TALKING_SYSTEM = """\
You are an agent with a memory that outlasts the conversation.
You act by calling tools, one in each step. The user reads nothing but what you send with send_message; \
before you act, think in a few words in the `thinking` argument. Ask for another step with request_heartbeat \
when you are not done.
What you know of yourself and of the people you talk to is in the memory blocks below; it is always in \
view. Earlier messages may have scrolled out of view: search them with conversation_search.
When you learn something worth keeping, write it to a memory block with your memory tools right away, in \
short statements, and correct blocks that turn out to be wrong. Do not claim to remember what is neither in \
view nor found by a search.
"""


@dataclass(frozen=True)
class BlockView:
    """What the prompt shows of one block."""

    label: str
    value: str
    limit: int
    description: str | None
    read_only: bool


@dataclass(frozen=True)
class MemoryFacts:
    """What the prompt says about memory that is out of view."""

    previous_messages: int
    passages: int
    archive_tags: Sequence[str]


def default(agent_type: str) -> str:
    """The system text of agents that are given none."""
    return TALKING_SYSTEM if agent_type in TALK_BY_TOOLS else DEFAULT_SYSTEM


def key(
    system: str,
    blocks: Sequence[BlockView],
    passages: int,
    tags: Sequence[str],
    rules: Sequence[dict[str, Any]] = (),
) -> str:
    """A digest of everything in the prompt but the clock and the number of messages."""
    parts = [system, str(passages), *tags, *statements(rules)]
    for block in blocks:
        parts += [block.label, block.value, str(block.limit), block.description or "", str(block.read_only)]
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()


def compile_prompt(
    agent_id: str,
    system: str,
    blocks: Sequence[BlockView],
    facts: MemoryFacts,
    now: str,
    rules: Sequence[dict[str, Any]] = (),
) -> str:
    """The whole system message. `now` is already rendered (see `clock`)."""
    memory = "\n\n".join(filter(None, sections(agent_id, blocks, facts, now, rules)))
    if PLACEHOLDER in system:
        return system.replace(PLACEHOLDER, memory)
    return f"{system.rstrip()}\n\n{memory}\n"


def sections(
    agent_id: str,
    blocks: Sequence[BlockView],
    facts: MemoryFacts,
    now: str,
    rules: Sequence[dict[str, Any]],
) -> tuple[str, str, str]:
    """What is added to the agent's own text: its blocks, its rules and what is known of its memory."""
    stated = "\n".join(f"- {one}" for one in statements(rules))
    ruled = f"<tool_usage_rules>\n{stated}\n</tool_usage_rules>" if stated else ""
    return _blocks(blocks) if blocks else "", ruled, _metadata(agent_id, facts, now)


def clock(moment: datetime, timezone: str) -> str:
    """`2026-01-31 09:05:07 AM UTC+0000`, in the agent's timezone."""
    return moment.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %I:%M:%S %p %Z%z")


def _blocks(blocks: Sequence[BlockView]) -> str:
    shown = "\n\n".join(_block(block) for block in blocks)
    return (
        f"<memory_blocks>\nThe following memory blocks are currently in view:\n\n{shown}\n\n</memory_blocks>"
    )


def _block(block: BlockView) -> str:
    read_only = "- read_only=true\n" if block.read_only else ""
    return (
        f"<{block.label}>\n"
        f"<description>\n{block.description or 'None'}\n</description>\n"
        f"<metadata>\n{read_only}- chars_current={len(block.value)}\n"
        f"- chars_limit={block.limit}\n</metadata>\n"
        f"<value>\n{block.value}\n</value>\n"
        f"</{block.label}>"
    )


def _metadata(agent_id: str, facts: MemoryFacts, now: str) -> str:
    lines = [
        f"- AGENT_ID: {agent_id}",
        f"- System prompt last recompiled: {now}",
        f"- {facts.previous_messages} previous messages between you and the user are stored in recall memory",
    ]
    if facts.passages:
        lines.append(f"- {facts.passages} memories that you created are stored in archival memory")
    if facts.archive_tags:
        lines.append(f"- Available archival memory tags: {', '.join(facts.archive_tags)}")
    return "<memory_metadata>\n" + "\n".join(lines) + "\n</memory_metadata>"
