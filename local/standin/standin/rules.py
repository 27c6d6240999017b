"""What the stand-in answers: a table of rules over the last user message, the first match wins.

`call TOOL {"json": "arguments"}`
    calls that tool with exactly these arguments
`say TEXT`
    says TEXT
`count to N [every MS ms]`
    says 1 … N, one number per MS milliseconds (N up to 1000, MS up to 1000, 60 s in all)
`what do you know about X`, `what is my X`, `who am I`
    answers from the memory blocks in the system prompt, else searches archival memory and then the
    conversation with the tools that are offered
`remember (that) X`, `note that X`, `my X is Y`
    stores it with memory_insert, core_memory_append or archival_memory_insert: the first that is offered
anything else
    says that it is a scripted stand-in, and what it understands

Once a tool has returned, the answer is a sentence about what it returned. The same request always gets the
same answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from .arguments import arguments_for
from .conversation import Conversation, ToolReturn
from .memory import block_texts, lines_about, texts_in, writable_block

MAX_COUNT = 1000
MAX_DELAY_MS = 1000
MAX_SECONDS = 60.0
_QUOTED = 2000
_SEARCHES = ("archival_memory_search", "conversation_search")

HELP = (
    "I am a scripted stand-in, not a language model. I understand: “remember that …”, "
    "“what do you know about …?”, “say …”, “count to …” and “call <tool> {json}”. "
    "Point `roost:model` to a real model for real answers."
)


@dataclass(frozen=True)
class Say:
    """Answer with text, `delay` seconds between two words."""

    text: str
    delay: float = 0.0


@dataclass(frozen=True)
class Call:
    """Answer with one tool call."""

    tool: str
    arguments: dict[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True)
class Rule:
    """`answer` gets the pattern's match and the conversation."""

    pattern: re.Pattern[str]
    answer: Callable[[re.Match[str], Conversation], Say | Call]


def decide(conversation: Conversation) -> Say | Call:
    """The stand-in's next step."""
    for rule in RULES:
        match = rule.pattern.search(conversation.user_text)
        if match is not None:
            return rule.answer(match, conversation)
    return _after_tool(conversation.returns[-1]) if conversation.returns else Say(HELP)


def _call(match: re.Match[str], conversation: Conversation) -> Say | Call:
    if conversation.returns:
        return _after_tool(conversation.returns[-1])
    tool = match["tool"]
    if tool not in conversation.tools:
        offered = ", ".join(sorted(conversation.tools)) or "none"
        return Say(
            f"I am a scripted stand-in and cannot call {tool}: the tools offered to me are: {offered}."
        )
    try:
        arguments = orjson.loads(match["arguments"] or "{}")
    except orjson.JSONDecodeError as error:
        return Say(f"I am a scripted stand-in and cannot call {tool}: its arguments are not JSON ({error}).")
    return Call(tool, arguments)


def _say(match: re.Match[str], _conversation: Conversation) -> Say:
    return Say(match["text"])


def _count(match: re.Match[str], _conversation: Conversation) -> Say:
    count = min(int(match["count"]), MAX_COUNT)
    delay = min(int(match["delay"] or 0), MAX_DELAY_MS) / 1000
    return Say(" ".join(str(n) for n in range(1, count + 1)), min(delay, MAX_SECONDS / max(count, 1)))


def _recall(match: re.Match[str], conversation: Conversation) -> Say | Call:
    topic = next((text for text in match.groups() if text), "me")
    if found := lines_about(topic, block_texts(conversation.blocks)):
        return Say(f"From my memory: {' '.join(found)}")
    for returned in conversation.returns:
        if (
            returned.tool in _SEARCHES
            and returned.ok
            and (found := lines_about(topic, texts_in(returned.text)))
        ):
            return Say(f"I searched with {returned.tool} and found: {' '.join(found)}"[:_QUOTED])
    searched = {returned.tool for returned in conversation.returns}
    for tool in _SEARCHES:
        if tool in conversation.tools and tool not in searched:
            return Call(tool, arguments_for(conversation.tools[tool], {"query": topic}))
    return Say(f"I know nothing about {topic}: it is in none of my memory blocks.")


def _remember(match: re.Match[str], conversation: Conversation) -> Say | Call:
    if conversation.returns:
        last = conversation.returns[-1]
        return Say(f"I will remember: {match['fact']}") if last.ok else _after_tool(last)
    fact = match["fact"]
    label = writable_block(conversation)
    in_block = {"label": label, "new_string": fact, "content": fact, "insert_line": -1}
    for tool in ("memory_insert", "core_memory_append"):
        if label is not None and tool in conversation.tools:
            return Call(tool, arguments_for(conversation.tools[tool], in_block))
    if "archival_memory_insert" in conversation.tools:
        schema = conversation.tools["archival_memory_insert"]
        return Call("archival_memory_insert", arguments_for(schema, {"content": fact}))
    return Say("I am a scripted stand-in and was offered no tool to remember that with.")


def _after_tool(returned: ToolReturn) -> Say:
    verb = "returned" if returned.ok else "failed with"
    return Say(f"The tool {returned.tool} {verb}: {returned.text[:_QUOTED]}")


def _rule(pattern: str, answer: Callable[[re.Match[str], Conversation], Say | Call]) -> Rule:
    return Rule(re.compile(pattern, re.IGNORECASE | re.DOTALL), answer)


RULES = (
    _rule(r"^call\s+(?P<tool>[\w-]+)\s*(?P<arguments>\{.*\})?\s*$", _call),
    _rule(r"^say\s+(?P<text>.+)$", _say),
    _rule(r"^count to\s+(?P<count>\d{1,6})(?:\s+every\s+(?P<delay>\d{1,6})\s*ms)?\W*$", _count),
    _rule(r"\bwhat (?:do|can) you (?:know|remember|tell me) about\s+(.+?)\W*$", _recall),
    _rule(r"\b(?:what(?:'s|\u2019s| is| are| was)|do you (?:know|remember))\s+(my\s+.+?)\W*$", _recall),
    _rule(r"\bwho am i\W*$", _recall),
    _rule(r"\b(?:remember|note|keep in mind)(?:\s+that\b|:)?\s+(?P<fact>[^?]+)$", _remember),
    _rule(r"(?P<fact>\bmy\s+[^.?!]+?\s(?:is|are|was|were)\s[^?]+)$", _remember),
)
