"""The agent loop: ask the model, run its tools, store the step, until the turn ends."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import perf_counter_ns
from uuid import UUID

from app.db.pool import Database
from app.errors import AppError, is_outage
from app.http import ids
from app.llm.client import Client
from app.llm.types import CONTEXT_WINDOW_EXCEEDED, Completion, ModelError, Request
from app.messages import wire
from app.models.service import Models
from app.steps import traces
from app.telemetry import metrics, tracing
from app.tools.custom import CustomTools
from app.turns import answering, context, custom, endings, outside
from app.turns.asking import ask
from app.turns.commit import Committer, Step
from app.turns.compacting import Compactor
from app.turns.deciding import decider
from app.turns.planning import Plan, plan, row
from app.turns.requesting import request
from app.turns.state import Emit, LeaseLostError, LoadedAgent, Outcome, Turn, TurnInterruptedError
from app.turns.windows import FULL

log = logging.getLogger("roost.turns")

COMPACTIONS = 3
"""How often a step is asked again with less in view when it does not fit."""

OVERFLOW = "context_window_overflow_in_system_prompt"


class TurnError(AppError):
    """The turn ended for a reason that is ours; sending the message again would store it twice."""

    retry = False


@dataclass(frozen=True)
class _Running:
    """A turn in this process."""

    turn: Turn
    agent: LoadedAgent
    committer: Committer
    emit: Emit


class Loop:
    """Runs one turn at a time with the parts of the server; stateless between turns."""

    def __init__(
        self, db: Database, llm: Client, models: Models, custom_tools: CustomTools, *, keep_traces: bool
    ) -> None:
        self._db = db
        self._llm = llm
        self._models = models
        self._custom = custom_tools
        self._compactor = Compactor(db, llm, models)
        self._keep_traces = keep_traces

    async def run(self, turn: Turn, emit: Emit) -> Outcome:
        """Run a started turn to its end, emitting wire messages as they are stored.

        Raises AppError when it failed (the run is marked), CancelledError when it was stopped (it is not).
        """
        try:
            return Outcome(await self._steps(turn, emit), turn.totals.wire())
        except LeaseLostError:
            raise TurnError("The turn was taken over by another server; list the messages.") from None
        except Exception as error:  # the turn supervisor
            if is_outage(error):
                log.warning("the database went away from a turn")
                raise TurnInterruptedError(
                    "The database went away during the turn, which goes on when it is back; list messages."
                ) from error
            if isinstance(error, AppError):
                await self._fail(turn, error)
                raise
            log.exception("turn failed")
            fault = TurnError("An unknown error occurred in the agent's turn; the server's log has it.")
            await self._fail(turn, fault)
            raise fault from error

    async def _steps(self, turn: Turn, emit: Emit) -> str:
        """Run the turn's steps; why it ended."""
        agent = await context.load(
            self._db, turn.org_id, turn.agent_id, turn.conversation_id, turn.client_tools or ()
        )
        if turn.override_model:
            agent.llm_config = await self._models.llm_config(turn.override_model)
        running = _Running(turn, agent, Committer(self._db, self._models, turn, agent, emit), emit)
        if (stop := await self._left_over(running)) is not None:
            return stop
        while turn.totals.steps < turn.max_steps:
            if (stop := await self._step(running)) is not None:
                return stop
        raise AssertionError("unreachable: the last step stops")

    async def _step(self, running: _Running) -> str | None:
        with tracing.span("agent_step", {"step.number": running.turn.totals.steps + 1}) as span:
            stop = await self._measured(running)
            if stop is not None:
                span.attributes["stop_reason"] = stop
            return stop

    async def _measured(self, running: _Running) -> str | None:
        turn, agent = running.turn, running.agent
        started, message_id = perf_counter_ns(), ids.new()
        wanted, completion = await self._fitting(running, message_id)
        llm_ns = perf_counter_ns() - started
        turn.totals.add(completion.usage)
        planned = await plan(
            self._models, agent, completion, custom.runner(self._custom, turn.org_id, turn.agent_id)
        )
        message = row(agent, completion, planned, message_id)
        calls = [] if planned.asked else planned.calls
        step = Step(message, completion, calls, llm_ns, started)
        stop = await self._commit(running, step, planned)
        if self._keep_traces:
            await traces.keep(self._db, turn.org_id, step.id, wanted, completion)
        metrics.STEP_MS.observe((perf_counter_ns() - started) / 1e6)
        return stop

    async def _fitting(self, running: _Running, message_id: UUID) -> tuple[Request, Completion]:
        """A request that fits into the model's window, and the answer to it."""
        turn, agent = running.turn, running.agent
        window = int(agent.llm_config["context_window"])
        if self._compactor.size(agent) > window * FULL:
            await self._compact(running, "context_window_exceeded")
        for _ in range(COMPACTIONS):
            wanted = request(agent, turn.override_system)
            try:
                answer = await ask(self._llm, self._models, turn, agent, wanted, message_id, running.emit)
            except ModelError as error:
                if error.kind != CONTEXT_WINDOW_EXCEEDED or not await self._compact(running, error.kind):
                    raise
            else:
                return wanted, answer
        raise ModelError(CONTEXT_WINDOW_EXCEEDED, "The conversation does not fit the model.", status=400)

    async def _compact(self, running: _Running, trigger: str) -> bool:
        """Make room; False when there is nothing that could leave the view."""
        turn, agent = running.turn, running.agent
        if self._compactor.fixed(agent) > int(agent.llm_config["context_window"]):
            raise ModelError(
                OVERFLOW, "The system prompt alone is longer than the model's context window.", status=400
            )
        found = await self._compactor.prepare(agent, agent.compaction, trigger, keep_last=True)
        if found is None:
            return False
        stored = await self._compactor.store_in_turn(turn, agent, found)
        if stored is not None and turn.include_compaction_messages:
            data = {"trigger": trigger, "context_window": int(agent.llm_config["context_window"])}
            for event in (wire.compaction_event(stored, data), *wire.expand(stored)):
                running.emit(event)
        return True

    async def _left_over(self, running: _Running) -> str | None:
        """First what an earlier attempt left between calls and returns, or what a client has answered."""
        started = perf_counter_ns()
        turn, agent = running.turn, running.agent
        run = custom.runner(self._custom, turn.org_id, turn.agent_id)
        if (answered := answering.unanswered(agent, turn.run_id)) is not None:
            step_id, completion, approvals = answered
            planned = await plan(self._models, agent, completion, run, answered=True)
            planned = answering.decided(planned, approvals)
            step = Step(None, completion, planned.calls, 0, started, step_id, resumed=False)
            return await self._commit(running, step, planned)
        unfinished = await outside.unfinished(self._db, turn) if turn.attempt > 1 else None
        if unfinished is None:
            return None
        step_id, completion = unfinished
        planned = await plan(self._models, agent, completion, run, answered=True)
        return await self._commit(
            running, Step(None, completion, planned.calls, 0, started, step_id), planned
        )

    async def _commit(self, running: _Running, step: Step, planned: Plan) -> str | None:
        turn = running.turn
        last = turn.totals.steps >= turn.max_steps
        decide = decider(running.agent, step.completion, planned, last=last)
        return await running.committer.commit(step, decide)

    async def _fail(self, turn: Turn, error: AppError) -> None:
        """Mark the run as failed; what earlier steps wrote stays."""
        kind = error.kind if isinstance(error, ModelError) else "internal_error"
        reason = "llm_api_error" if isinstance(error, ModelError) else "error"
        if kind == OVERFLOW:
            reason = OVERFLOW
        try:
            await endings.fail(self._db, turn.org_id, turn.run_id, turn.token, reason, kind, error.message)
        except Exception:  # the lease runs out by itself; the first error is the one to report
            log.exception("cannot mark the run as failed")
