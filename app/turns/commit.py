"""Writes a step: the model's message, the returns of its calls, step row, run and agent change together.

A step without calls, or with calls of base tools only, is one transaction. Calls that act outside our
database run between two: the first stores the model's message and an unfinished step, the second the returns.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
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
from app.turns import events, outside, queries, tools
from app.turns.calls import Context, Prepared, Result
from app.turns.leases import LEASE_SECONDS
from app.turns.state import STATUS_OF, ContextMessage, Emit, LeaseLostError, LoadedAgent, Turn

ATTEMPTS = 3
"""Tries of a step's transaction when it collides with another one; base tools run again in a clean one."""


@dataclass(frozen=True)
class Step:
    """A model's answer on its way into the database."""

    assistant: NewMessage | None
    """None when it is stored already, and only the returns of its calls are not."""
    completion: Completion
    calls: list[Prepared]
    llm_ns: int
    started_ns: int
    id: UUID = field(default_factory=ids.new)


class Committer:
    """Stores the steps of one turn."""

    def __init__(self, db: Database, models: Models, turn: Turn, agent: LoadedAgent, emit: Emit) -> None:
        self._db = db
        self._models = models
        self._turn = turn
        self._agent = agent
        self._emit = emit

    async def commit(self, step: Step, stop: str | None) -> None:
        """Run the step's tools, store everything and tell it. Raises LeaseLostError. `stop` ends the run."""
        began = perf_counter_ns()
        returned: dict[str, dict[str, Any]] = {}
        if any(call.outside for call in step.calls):
            if step.assistant is None:
                returned = await outside.earlier(self._db, self._turn, step.id)
            else:
                await self._attempt(step, None, [], returned, 0)
                step = replace(step, assistant=None)
            await self._run_outside(step, returned)
        await self._attempt(step, stop, step.calls, returned, perf_counter_ns() - began)

    async def _attempt(
        self,
        step: Step,
        stop: str | None,
        calls: list[Prepared],
        returned: dict[str, dict[str, Any]],
        spent_ns: int,
    ) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                stored = await self._once(step, stop, calls, returned, spent_ns)
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError):
                if attempt == ATTEMPTS:
                    raise
        else:
            raise AssertionError("unreachable: the last attempt returns or raises")
        self._agent.pending_prompt = self._agent.pending_key = None
        self._agent.messages += [_seen(message) for message in stored]
        if self._turn.log is None:
            for event in events.of_step(self._turn, stored):
                self._emit(event)

    async def _once(
        self,
        step: Step,
        stop: str | None,
        calls: list[Prepared],
        returned: dict[str, dict[str, Any]],
        spent_ns: int,
    ) -> list[Stored]:
        messages = [step.assistant] if step.assistant else []
        if self._turn.log is None and all(call.call.id in returned for call in calls):
            messages += [_message(calls, returned)] if calls else []
            return await self._write(self._db, step, stop, messages, spent_ns)
        async with self._transaction() as tx:
            began = perf_counter_ns()
            context = Context(tx, self._turn.org_id, self._turn.agent_id, self._models)
            mine = dict(returned)
            for prepared in calls:
                if prepared.call.id not in mine:
                    mine[prepared.call.id] = await self._run(prepared, context)
            messages += [_message(calls, mine)] if calls else []
            spent_ns += perf_counter_ns() - began
            stored = await self._write(tx, step, stop, messages, spent_ns)
            if self._turn.log is not None:
                await self._turn.log.write(tx, events.of_step(self._turn, stored))
            return stored

    @asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[Session]:
        """A transaction; what it adds to the run's log is told to followers when it was committed."""
        if self._turn.log is None:
            async with self._db.tx() as tx:
                yield tx
            return
        async with self._turn.log.lock:
            async with self._db.tx() as tx:
                yield tx
            self._turn.log.settle()

    async def _run_outside(self, step: Step, returned: dict[str, dict[str, Any]]) -> None:
        """Run the calls that act outside our database and were not begun yet, in the model's order."""
        for prepared in step.calls:
            call = prepared.call
            if prepared.outside is None or call.id in returned:
                continue
            await outside.start(self._db, self._turn, step.id, call.id, call.name)
            returned[call.id] = await self._run(prepared, None)
            await outside.finish(self._db, self._turn, step.id, returned[call.id])

    async def _run(self, prepared: Prepared, context: Context | None) -> dict[str, Any]:
        """Run one call, in the transaction of `context` unless it acts outside; its return, to be stored."""
        name = prepared.call.name
        began = perf_counter()
        if prepared.outside is not None:
            result = await prepared.outside()
        else:
            assert context is not None
            result = await tools.run(context, prepared)
        offered = self._agent.tools.get(name)
        label = name if name in tools.RUNNERS else "custom" if offered else "unknown"
        metrics.TOOL_MS.labels(label).observe((perf_counter() - began) * 1000)
        metrics.TOOL_EXECUTIONS.labels(label, str(result.ok).lower()).inc()
        return _returned(prepared, result, offered.return_limit if offered else 2000)

    async def _write(
        self,
        session: Database | Session,
        step: Step,
        stop: str | None,
        messages: list[NewMessage],
        tool_ns: int,
    ) -> list[Stored]:
        turn, agent = self._turn, self._agent
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
            to_json(turn.totals.wire()),
            turn.totals.ttft_ns,
            LEASE_SECONDS,
            to_json(_step_row(turn, agent, step, messages, tool_ns)),
        )
        if row is None:
            raise LeaseLostError
        return [
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


def _message(calls: list[Prepared], returned: dict[str, dict[str, Any]]) -> NewMessage:
    """One message holds the returns of all calls, in the model's order."""
    return NewMessage(role="tool", tool_returns=[returned[prepared.call.id] for prepared in calls])


def _returned(prepared: Prepared, result: Result, limit: int) -> dict[str, Any]:
    printed = {"stdout": result.stdout, "stderr": result.stderr}
    return {
        "tool_call_id": prepared.call.id,
        "name": prepared.call.name,
        "status": "success" if result.ok else "error",
        "text": _shortened(result.text, limit),
    } | {name: lines for name, lines in printed.items() if lines}


def _step_row(
    turn: Turn, agent: LoadedAgent, step: Step, messages: list[NewMessage], tool_ns: int
) -> dict[str, Any]:
    config, usage = agent.llm_config, step.completion.usage
    unfinished = bool(step.calls) and not any(message.tool_returns for message in messages)
    return {
        "id": str(step.id),
        "status": "pending" if unfinished else "success",
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
