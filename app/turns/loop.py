"""The agent loop: ask the model, run its tools, store the step, until it answers in plain text."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from time import perf_counter, perf_counter_ns
from typing import Any
from uuid import UUID, uuid4

from app.db.pool import Database
from app.errors import AppError, is_outage
from app.http import ids
from app.llm.client import Client
from app.llm.options import options as options_of
from app.llm.types import Completion, ModelError, Request, ToolCall
from app.models.service import Models
from app.telemetry import metrics
from app.tools.custom import CustomTools
from app.turns import context, custom, endings, outside, tools
from app.turns.calls import Prepared
from app.turns.commit import Committer, Step, assistant
from app.turns.deltas import Deltas
from app.turns.state import (
    Emit,
    LeaseLostError,
    LoadedAgent,
    Outcome,
    Totals,
    Turn,
    TurnInterruptedError,
)

log = logging.getLogger("roost.turns")


class TurnError(AppError):
    """The turn ended for a reason that is ours; sending the message again would store it twice."""

    retry = False


EMPTY_RETRIES = 2
"""How often an empty answer is asked for again."""


class Loop:
    """Runs one turn at a time with the parts of the server; stateless between turns."""

    def __init__(self, db: Database, llm: Client, models: Models, custom: CustomTools) -> None:
        self._db = db
        self._custom = custom
        self._llm = llm
        self._models = models

    async def run(self, turn: Turn, emit: Emit) -> Outcome:
        """Run a started turn to its end, emitting wire messages as they are stored.

        Raises AppError when it failed (the run is marked), CancelledError when it was stopped (it is not).
        """
        try:
            return await self._steps(turn, turn.totals, emit)
        except LeaseLostError:
            raise TurnError("The turn was taken over by another server; list the messages.") from None
        except Exception as error:  # the turn supervisor
            if is_outage(error):
                log.warning("the database went away from a turn", extra={"run_id": str(turn.run_id)})
                raise TurnInterruptedError(
                    "The database went away during the turn, which goes on when it is back; list messages."
                ) from error
            if isinstance(error, AppError):
                await self._fail(turn, error)
                raise
            log.exception("turn failed", extra={"run_id": str(turn.run_id)})
            fault = TurnError("An unknown error occurred in the agent's turn; the server's log has it.")
            await self._fail(turn, fault)
            raise fault from error

    async def _steps(self, turn: Turn, totals: Totals, emit: Emit) -> Outcome:
        agent = await context.load(self._db, turn)
        committer = Committer(self._db, self._models, turn, agent, emit)
        if turn.attempt > 1 and (stop := await self._finish_step(turn, agent, committer)):
            return Outcome(stop, totals.wire())
        for number in range(totals.steps + 1, turn.max_steps + 1):
            started = perf_counter_ns()
            message_id = ids.new()
            completion = await self._ask(turn, agent, totals, message_id, emit)
            llm_ns = perf_counter_ns() - started
            totals.add(completion.usage)
            calls = await self._prepare(turn, agent, _named(completion))
            stop = _stop(agent, completion, calls, last=number == turn.max_steps)
            row = assistant(completion, calls, message_id, agent.llm_config["model"])
            step = Step(row, completion, calls, llm_ns, started)
            await committer.commit(step, stop)
            metrics.STEP_MS.observe((perf_counter_ns() - started) / 1e6)
            if stop:
                return Outcome(stop, totals.wire())
        raise AssertionError("unreachable: the last step stops")

    async def _prepare(self, turn: Turn, agent: LoadedAgent, calls: Iterable[ToolCall]) -> list[Prepared]:
        offered, runner = set(agent.tools), custom.runner(self._custom, turn)
        return [await tools.prepare(self._models, offered, call, runner) for call in calls]

    async def _finish_step(self, turn: Turn, agent: LoadedAgent, committer: Committer) -> str | None:
        """Finish the step that an earlier attempt left between calls and returns; why it ends the turn."""
        started = perf_counter_ns()
        unfinished = await outside.unfinished(self._db, turn)
        if unfinished is None:
            return None
        step_id, completion = unfinished
        calls = await self._prepare(turn, agent, completion.tool_calls)
        stop = _stop(agent, completion, calls, last=turn.totals.steps >= turn.max_steps)
        await committer.commit(Step(None, completion, calls, 0, started, step_id), stop)
        return stop

    async def _ask(
        self, turn: Turn, agent: LoadedAgent, totals: Totals, message_id: UUID, emit: Emit
    ) -> Completion:
        """One model call, again when the answer is empty. Raises ModelError."""
        request = _request(agent)
        label = agent.llm_config["model"]
        for _ in range(1 + EMPTY_RETRIES):
            began = perf_counter()
            completion = await self._call(turn, request, totals, message_id, emit)
            metrics.LLM_MS.labels(label).observe((perf_counter() - began) * 1000)
            metrics.OUTPUT_TOKENS.labels(label).observe(completion.usage.completion)
            if completion.text or completion.tool_calls or completion.finish_reason == "length":
                return completion
        raise ModelError("llm_empty_response", "The model gave an empty answer, three times.", status=502)

    async def _call(
        self, turn: Turn, request: Request, totals: Totals, message_id: UUID, emit: Emit
    ) -> Completion:
        endpoint = self._models.endpoint_of(request.provider)
        if not turn.stream_tokens:
            completion = await self._llm.complete(endpoint, request)
            _first_token(turn, totals)
            return completion
        deltas = Deltas(turn, message_id, emit)
        async for piece in self._llm.stream(endpoint, request):
            _first_token(turn, totals)
            if isinstance(piece, Completion):
                deltas.flush()
                return piece
            deltas.add(piece)
        raise ModelError("stream_incomplete", "The model's answer broke off; try again.", status=502)

    async def _fail(self, turn: Turn, error: AppError) -> None:
        """Mark the run as failed; what earlier steps wrote stays."""
        kind = error.kind if isinstance(error, ModelError) else "internal_error"
        reason = "llm_api_error" if isinstance(error, ModelError) else "error"
        try:
            await endings.fail(self._db, turn.org_id, turn.run_id, turn.token, reason, kind, error.message)
        except Exception:  # the lease runs out by itself; the first error is the one to report
            log.exception("cannot mark the run as failed", extra={"run_id": str(turn.run_id)})


def _request(agent: LoadedAgent) -> Request:
    config = agent.llm_config
    options = options_of(config)
    response_format = agent.response_format or config.get("response_format")
    if response_format and response_format.get("type") != "text":
        options["response_format"] = response_format
    offered = [{"type": "function", "function": tool.schema} for tool in agent.tools.values()]
    if offered:
        options["tool_choice"] = "auto"
        if config.get("parallel_tool_calls") is not None:
            options["parallel_tool_calls"] = config["parallel_tool_calls"]
    return Request(config["model"], context.render(agent), offered, options, config.get("provider_name"))


def _named(completion: Completion) -> list[ToolCall]:
    """The calls with ids that are unique within the step, which not every endpoint guarantees."""
    seen: set[str] = set()
    named: list[ToolCall] = []
    for call in completion.tool_calls:
        unique = call if call.id and call.id not in seen else replace(call, id=f"call-{uuid4().hex[:24]}")
        seen.add(unique.id)
        named.append(unique)
    return named


def _stop(agent: LoadedAgent, completion: Completion, calls: list[Prepared], *, last: bool) -> str | None:
    """Why the turn ends with this step, or None to go on."""
    if not calls:
        return "max_tokens_exceeded" if completion.finish_reason == "length" else "end_turn"
    if any(prepared.call.name in agent.terminal_tools and prepared.error is None for prepared in calls):
        return "tool_rule"
    return "max_steps" if last else None


def _first_token(turn: Turn, totals: Totals) -> None:
    if totals.ttft_ns is None:
        seconds = perf_counter() - turn.started
        totals.ttft_ns = int(seconds * 1e9)
        metrics.TTFT_MS.observe(seconds * 1000)
