"""Writes a step: tools run and messages, step row, run and agent change in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import perf_counter, perf_counter_ns
from typing import Any
from uuid import UUID

import asyncpg

from app.db.pool import Database, Session, to_json
from app.http import ids
from app.llm.types import Completion
from app.messages.rows import NewMessage, rows
from app.messages.wire import Stored
from app.models.service import Models
from app.telemetry import metrics
from app.turns import queries, tools
from app.turns.calls import Context, Prepared
from app.turns.state import STATUS_OF, ContextMessage, LoadedAgent, Totals, Turn
from app.turns.supervisor import LEASE_SECONDS

ATTEMPTS = 3
"""Tries of a step's transaction when it collides with another one; the tools run again in a clean one."""


class LeaseLostError(Exception):
    """Another process has the run now; nothing of this step was written."""


@dataclass(frozen=True)
class Step:
    """A model's answer on its way into the database."""

    assistant: NewMessage
    completion: Completion
    calls: list[Prepared]
    llm_ns: int
    started_ns: int
    id: UUID = field(default_factory=ids.new)


@dataclass(frozen=True)
class Written:
    """The rows of a step, as stored."""

    messages: list[Stored]


async def commit(
    db: Database, models: Models, turn: Turn, agent: LoadedAgent, totals: Totals, step: Step, stop: str | None
) -> Written:
    """Run the step's tools and store everything. Raises LeaseLostError. `stop` ends the run with it."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _once(db, models, turn, agent, totals, step, stop)
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError):
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


async def _once(
    db: Database, models: Models, turn: Turn, agent: LoadedAgent, totals: Totals, step: Step, stop: str | None
) -> Written:
    if not step.calls:
        written = await _write(db, turn, agent, totals, step, stop, [step.assistant], 0)
    else:
        async with db.tx() as tx:
            began = perf_counter_ns()
            context = Context(tx, turn.org_id, turn.agent_id, models)
            returns = await _returns(context, agent, step)
            spent = perf_counter_ns() - began
            written = await _write(tx, turn, agent, totals, step, stop, [step.assistant, returns], spent)
    agent.pending_prompt = agent.pending_key = None
    agent.messages += [_seen(message) for message in written.messages]
    return written


async def _returns(context: Context, agent: LoadedAgent, step: Step) -> NewMessage:
    """Run the calls in the model's order; one message holds all returns."""
    returns: list[dict[str, Any]] = []
    for prepared in step.calls:
        name = prepared.call.name
        label = name if name in tools.RUNNERS else "unknown"
        began = perf_counter()
        result = await tools.run(context, prepared)
        metrics.TOOL_MS.labels(label).observe((perf_counter() - began) * 1000)
        metrics.TOOL_EXECUTIONS.labels(label, str(result.ok).lower()).inc()
        offered = agent.tools.get(name)
        text = _shortened(result.text, offered.return_limit if offered else 2000)
        status = "success" if result.ok else "error"
        returns.append({"tool_call_id": prepared.call.id, "name": name, "status": status, "text": text})
    return NewMessage(role="tool", tool_returns=returns)


async def _write(
    session: Database | Session,
    turn: Turn,
    agent: LoadedAgent,
    totals: Totals,
    step: Step,
    stop: str | None,
    messages: list[NewMessage],
    tool_ns: int,
) -> Written:
    row = await session.row(
        queries.COMMIT_STEP,
        turn.org_id,
        turn.run_id,
        turn.token,
        to_json(rows(messages)),
        agent.pending_prompt,
        agent.pending_key,
        agent.context_start,
        STATUS_OF[stop] if stop else None,
        stop,
        to_json(totals.wire()),
        totals.ttft_ns,
        LEASE_SECONDS,
        to_json(_step_row(turn, agent, step, tool_ns)),
    )
    if row is None:
        raise LeaseLostError
    stored = [
        Stored(
            id=message.id,
            role=message.role,
            created_at=row["created_at"],
            seq=row["base"] + n,
            text=message.text,
            reasoning=message.reasoning,
            tool_calls=message.tool_calls,
            tool_returns=message.tool_returns,
            run_id=turn.run_id,
            step_id=step.id,
        )
        for n, message in enumerate(messages)
    ]
    return Written(stored)


def _step_row(turn: Turn, agent: LoadedAgent, step: Step, tool_ns: int) -> dict[str, Any]:
    config, usage = agent.llm_config, step.completion.usage
    return {
        "id": str(step.id),
        "request_id": turn.request_id,
        "provider_name": config.get("provider_name"),
        "model": config["model"],
        "model_handle": config.get("handle"),
        "model_endpoint": config.get("model_endpoint"),
        "context_window_limit": config["context_window"],
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "cached_input_tokens": usage.cached,
        "reasoning_tokens": usage.reasoning,
        "llm_request_ns": step.llm_ns,
        "tool_execution_ns": tool_ns,
        "step_ns": perf_counter_ns() - step.started_ns,
    }


def _seen(message: Stored) -> ContextMessage:
    assert message.seq is not None
    return ContextMessage(
        seq=message.seq,
        role=message.role,
        text=message.text,
        created_at=message.created_at,
        tool_calls=message.tool_calls,
        tool_returns=message.tool_returns,
    )


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [shortened: {len(text)} characters, the limit is {limit}]"


def assistant(completion: Completion, calls: list[Prepared], message_id: UUID, model: str) -> NewMessage:
    """The row of a model's answer."""
    message = NewMessage(
        role="assistant",
        text=completion.text.replace("\x00", "") or None,
        reasoning=completion.reasoning.replace("\x00", "") or None,
        tool_calls=[{"id": p.call.id, "name": p.call.name, "arguments": p.call.arguments} for p in calls]
        or None,
        model=model,
    )
    return replace(message, id=message_id)
