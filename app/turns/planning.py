"""What is to become of the calls in a model's answer: refused by the rules, run, or asked about first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import orjson

from app.llm.types import Completion, ToolCall
from app.messages.rows import NewMessage
from app.models.service import Models
from app.turns import thoughts, tools
from app.turns.arguments import parsed
from app.turns.calls import Prepared, ToolError
from app.turns.custom import Runner
from app.turns.state import LoadedAgent


@dataclass(frozen=True)
class Plan:
    """The calls of one answer, in the model's order."""

    calls: list[Prepared]
    thoughts: dict[str, str] = field(default_factory=dict[str, str])
    """By call id."""
    wants_more: bool = False
    """Whether one of them asks for another step."""
    asked: frozenset[str] = frozenset()
    """Ids of the calls that wait for the client."""


async def plan(
    models: Models, agent: LoadedAgent, completion: Completion, run: Runner, *, answered: bool = False
) -> Plan:
    """Check the calls and get them ready. `run` is how tools of users run; `answered`: the client has had its
    word on these calls."""
    prepared: list[Prepared] = []
    thought_of: dict[str, str] = {}
    asked: set[str] = set()
    wants_more = False
    planned: Counter[str] = Counter()
    offered = set(agent.offered())
    for named in _named(completion):
        call, thought, more = thoughts.split(named) if agent.talks_by_tools else (named, None, False)
        wants_more = wants_more or more
        if thought:
            thought_of[call.id] = thought
        refusal = _refusal(agent, offered, call.name, planned[call.name])
        planned[call.name] += 1
        call, unfit = _filled(agent, call)
        if refusal or unfit:
            prepared.append(Prepared(call, {}, error=refusal or unfit))
            continue
        by_client = call.name in agent.client_tools
        if not answered and (by_client or agent.rules.needs_approval(call.name)):
            asked.add(call.id)
        if by_client:
            prepared.append(Prepared(call, {}, error="Only the client can run this tool, and it did not."))
        else:
            prepared.append(await tools.prepare(models, set(agent.tools), call, run))
    return Plan(prepared, thought_of, wants_more, frozenset(asked))


def row(agent: LoadedAgent, completion: Completion, planned: Plan, message_id: UUID) -> NewMessage:
    """The message of a model's answer: a request for approval when a call waits for the client."""
    text = completion.text.replace("\x00", "") or None
    reasoning = completion.reasoning.replace("\x00", "") or None
    calls = [_stored(one.call, planned) for one in planned.calls]
    if agent.talks_by_tools and text and calls:
        # What such an agent says beside a call is not meant for the user.
        text, reasoning = None, "\n\n".join(filter(None, (reasoning, text)))
    return NewMessage(
        role="approval" if planned.asked else "assistant",
        text=text,
        reasoning=reasoning,
        parts=[{"type": "reasoning", "signature": completion.signature}] if completion.signature else None,
        tool_calls=calls or None,
        model=agent.llm_config["model"],
        id=message_id,
    )


def _stored(call: ToolCall, planned: Plan) -> dict[str, Any]:
    stored: dict[str, Any] = {"id": call.id, "name": call.name, "arguments": call.arguments}
    if call.id in planned.thoughts:
        stored["thinking"] = planned.thoughts[call.id]
    if call.id in planned.asked:
        stored["approval"] = True
    return stored


def _refusal(agent: LoadedAgent, offered: set[str], name: str, planned: int) -> str | None:
    """Why the rules do not allow this call now; None also for a tool that nobody has."""
    if name not in agent.tools and name not in agent.client_tools:
        return None
    if agent.rules.over_limit(name, planned):
        return f"Tool rule violated: {name} was called as often as its limit allows; do without it."
    if name not in offered:
        now = ", ".join(sorted(offered)) or "no tool"
        return f"Tool rule violated: {name} cannot be called now. What can be called: {now}."
    return None


def _filled(agent: LoadedAgent, call: ToolCall) -> tuple[ToolCall, str | None]:
    """The call with the arguments that the rules fix, or why they do not fit."""
    fixed = agent.rules.prefilled(call.name)
    if not fixed or call.name not in agent.tools:
        return call, None
    known = agent.tools[call.name].schema.get("parameters", {}).get("properties", {})
    unknown = sorted(set(fixed) - set(known))
    if unknown:
        return call, f"A tool rule sets {', '.join(unknown)}, which {call.name} does not take."
    try:
        arguments = parsed(call.arguments) | fixed
    except ToolError as error:
        return call, str(error)
    return replace(call, arguments=orjson.dumps(arguments).decode()), None


def _named(completion: Completion) -> list[ToolCall]:
    """The calls with ids that are unique within the step, which not every endpoint guarantees."""
    seen: set[str] = set()
    named: list[ToolCall] = []
    for call in completion.tool_calls:
        unique = call if call.id and call.id not in seen else replace(call, id=f"call-{uuid4().hex[:24]}")
        seen.add(unique.id)
        named.append(unique)
    return named
