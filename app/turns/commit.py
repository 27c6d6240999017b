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
from app.messages import wire
from app.messages.rows import NewMessage, rows
from app.messages.wire import Stored
from app.models.service import Models
from app.telemetry import metrics
from app.turns import events, outside, queries, tools
from app.turns.calls import Context, Prepared, Result
from app.turns.leases import LEASE_SECONDS
from app.turns.state import (
    STATUS_OF,
    ContextMessage,
    Decide,
    Decision,
    Emit,
    LeaseLostError,
    LoadedAgent,
    Turn,
)

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
    resumed: bool = True
    """With no `assistant`: whether the step itself is stored already, by an earlier attempt."""


class Committer:
    """Stores the steps of one turn."""

    def __init__(self, db: Database, models: Models, turn: Turn, agent: LoadedAgent, emit: Emit) -> None:
        self._db = db
        self._models = models
        self._turn = turn
        self._agent = agent
        self._emit = emit

    async def commit(self, step: Step, decide: Decide) -> str | None:
        """Run the step's tools, decide what follows, store everything and tell it; why the turn ends.

        Raises LeaseLostError.
        """
        began = perf_counter_ns()
        returned: dict[str, dict[str, Any]] = {}
        if any(call.outside for call in step.calls):
            if step.assistant is None:
                returned = await outside.earlier(self._db, self._turn, step.id)
            if step.assistant is not None or not step.resumed:
                await self._attempt(step, _going_on, [], returned, 0)
                step = replace(step, assistant=None)
            await self._run_outside(step, returned)
        return await self._attempt(step, decide, step.calls, returned, perf_counter_ns() - began)

    async def _attempt(
        self,
        step: Step,
        decide: Decide,
        calls: list[Prepared],
        returned: dict[str, dict[str, Any]],
        spent_ns: int,
    ) -> str | None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                stored, stop = await self._once(step, decide, calls, returned, spent_ns)
                break
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError):
                if attempt == ATTEMPTS:
                    raise
        else:
            raise AssertionError("unreachable: the last attempt returns or raises")
        self._agent.pending_prompt = self._agent.pending_key = None
        self._agent.messages += [_seen(message) for message in stored]
        for message in stored:
            self._agent.rules = self._agent.rules.noted(message.tool_returns or ())
        if self._turn.log is None:
            for event in events.of_step(self._turn, stored):
                self._emit(event)
        return stop

    async def _once(
        self,
        step: Step,
        decide: Decide,
        calls: list[Prepared],
        returned: dict[str, dict[str, Any]],
        spent_ns: int,
    ) -> tuple[list[Stored], str | None]:
        if self._turn.log is None and all(call.call.id in returned for call in calls):
            return await self._decided(self._db, step, decide, _in_order(calls, returned), spent_ns)
        async with self._transaction() as tx:
            began = perf_counter_ns()
            context = Context(tx, self._turn.org_id, self._turn.agent_id, self._models)
            mine = dict(returned)
            for prepared in calls:
                if prepared.call.id not in mine:
                    mine[prepared.call.id] = await self._run(prepared, context)
            spent_ns += perf_counter_ns() - began
            stored, stop = await self._decided(tx, step, decide, _in_order(calls, mine), spent_ns)
            if self._turn.log is not None:
                await self._turn.log.write(tx, events.of_step(self._turn, stored))
            return stored, stop

    async def _decided(
        self,
        session: Database | Session,
        step: Step,
        decide: Decide,
        returns: list[dict[str, Any]],
        spent_ns: int,
    ) -> tuple[list[Stored], str | None]:
        """Store the step with what follows from its returns: one message holds them, in the model's order."""
        decision = decide(returns)
        messages = [step.assistant] if step.assistant else []
        if returns:
            messages.append(NewMessage(role="tool", tool_returns=returns))
        if decision.heartbeat:
            messages.append(NewMessage(role="heartbeat", text=decision.heartbeat))
        return await self._write(session, step, decision.stop, messages, spent_ns), decision.stop

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
        handle = agent.llm_config.get("handle") or agent.llm_config["model"]
        # A step whose answer is stored already was counted with it.
        spent = self._models.spending.of(handle, step.completion.usage) if step.assistant else None
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
            to_json(pending) if (pending := _pending(turn, step, messages)) else None,
            to_json(spent.row()) if spent else None,
        )
        if row is None:
            raise LeaseLostError
        if spent:
            self._models.spending.committed(spent, turn.org_id, turn.agent_id, row["spent_before"])
        return [
            Stored(
                id=message.id,
                role=message.role,
                created_at=row["created_at"],
                seq=row["base"] + n,
                text=message.text,
                reasoning=message.reasoning,
                parts=message.parts,
                tool_calls=message.tool_calls,
                tool_returns=message.tool_returns,
                run_id=turn.run_id,
                step_id=step.id,
            )
            for n, message in enumerate(messages)
        ]


def _in_order(calls: list[Prepared], returned: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [returned[prepared.call.id] for prepared in calls]


def _going_on(_: list[dict[str, Any]]) -> Decision:
    return Decision(None)


def _pending(turn: Turn, step: Step, messages: list[NewMessage]) -> dict[str, Any] | None:
    """The request for approval among the messages, as clients are shown it; its date is the database's."""
    asking = next((one for one in messages if one.role == "approval"), None)
    if asking is None:
        return None
    calls = [wire.call(call) for call in asking.tool_calls or () if call.get("approval")]
    return {
        "id": f"message-{asking.id}",
        "message_type": "approval_request_message",
        "tool_call": calls[0],
        "tool_calls": calls,
        "run_id": f"run-{turn.run_id}",
        "step_id": f"step-{step.id}",
    }


def _returned(prepared: Prepared, result: Result, limit: int) -> dict[str, Any]:
    returned: dict[str, Any] = {
        "tool_call_id": prepared.call.id,
        "name": prepared.call.name,
        "status": "success" if result.ok else "error",
        "text": _shortened(result.text, limit),
    }
    if prepared.error is not None:
        returned["refused"] = True
    if result.stdout or result.stderr:
        returned |= {"stdout": result.stdout, "stderr": result.stderr}
    return returned


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
        parts=message.parts,
        reasoning=message.reasoning,
        id=message.id,
        tool_calls=message.tool_calls,
        tool_returns=message.tool_returns,
    )


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [shortened: {len(text)} characters, the limit is {limit}]"
