"""Writes a step: the model's message, the returns of its calls, step row, run and agent change together.

A step without calls, or with calls of base tools only, is one transaction. Calls that act outside our
database run between two: the first stores the model's message and an unfinished step, the second the returns.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from time import perf_counter, perf_counter_ns
from typing import Any

import asyncpg

from app.db.pool import Database, Session, to_json
from app.messages.rows import NewMessage, rows
from app.messages.wire import Stored
from app.models.service import Models
from app.telemetry import metrics, tracing
from app.turns import events, outside, queries, steps, tools
from app.turns.calls import Context, Prepared
from app.turns.leases import LEASE_SECONDS
from app.turns.state import (
    STATUS_OF,
    Decide,
    Decision,
    Emit,
    LeaseLostError,
    LoadedAgent,
    Turn,
)
from app.turns.steps import Step

ATTEMPTS = 3
"""Tries of a step's transaction when it collides with another one; base tools run again in a clean one."""


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
        self._agent.messages += [steps.seen(message) for message in stored]
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
        with tracing.span(f"{name}._execute_tool") as span:
            if prepared.outside is not None:
                result = await prepared.outside()
            else:
                assert context is not None
                result = await tools.run(context, prepared)
            if not result.ok:
                span.error = "the tool failed"
        offered = self._agent.tools.get(name)
        label = name if name in tools.RUNNERS else "custom" if offered else "unknown"
        metrics.TOOL_MS.labels(label).observe((perf_counter() - began) * 1000)
        metrics.TOOL_EXECUTIONS.labels(label, str(result.ok).lower()).inc()
        return steps.returned(prepared, result, offered.return_limit if offered else 2000)

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
            to_json(steps.step_row(turn, agent, step, messages, tool_ns)),
            to_json(asked) if (asked := steps.pending(turn, step, messages)) else None,
            to_json(spent.row()) if spent else None,
        )
        if row is None:
            raise LeaseLostError
        if spent:
            self._models.spending.committed(spent, turn.org_id, turn.agent_id, row["spent_before"])
        return [
            steps.stored(turn, step, message, row["base"] + n, row["created_at"])
            for n, message in enumerate(messages)
        ]


def _in_order(calls: list[Prepared], returned: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [returned[prepared.call.id] for prepared in calls]


def _going_on(_: list[dict[str, Any]]) -> Decision:
    return Decision(None)
