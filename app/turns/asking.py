"""One model call of a turn: plain or streamed, asked again when the answer is empty, and measured."""

from __future__ import annotations

from time import perf_counter
from uuid import UUID

from app.llm.client import Client
from app.llm.types import Completion, ModelError, Request
from app.models.service import Models
from app.telemetry import metrics, tracing
from app.turns.deltas import Deltas
from app.turns.state import Emit, LoadedAgent, Turn

EMPTY_RETRIES = 2
"""How often an empty answer is asked for again."""


async def ask(
    llm: Client,
    models: Models,
    turn: Turn,
    agent: LoadedAgent,
    request: Request,
    message_id: UUID,
    emit: Emit,
) -> Completion:
    """The model's answer; with token streaming its pieces are told as they come. Raises ModelError."""
    label = request.model
    for _ in range(1 + EMPTY_RETRIES):
        began = perf_counter()
        about = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": request.provider or "",
            "gen_ai.request.model": label,
        }
        with tracing.span(f"chat {label}", about, kind="client") as span:
            completion = await _call(llm, models, turn, agent, request, message_id, emit)
            span.attributes |= {
                "gen_ai.usage.input_tokens": completion.usage.prompt,
                "gen_ai.usage.output_tokens": completion.usage.completion,
                "gen_ai.response.finish_reason": completion.finish_reason or "",
            }
        metrics.LLM_MS.labels(label).observe((perf_counter() - began) * 1000)
        metrics.OUTPUT_TOKENS.labels(label).observe(completion.usage.completion)
        if completion.text or completion.tool_calls or completion.finish_reason == "length":
            return completion
    raise ModelError("llm_empty_response", "The model gave an empty answer, three times.", status=502)


async def _call(
    llm: Client,
    models: Models,
    turn: Turn,
    agent: LoadedAgent,
    request: Request,
    message_id: UUID,
    emit: Emit,
) -> Completion:
    endpoint = models.endpoint_of(request.provider)
    if not turn.stream_tokens:
        completion = await llm.complete(endpoint, request)
        _first_token(turn)
        return completion
    deltas = Deltas(turn, agent, message_id, emit)
    async for piece in llm.stream(endpoint, request):
        _first_token(turn)
        if isinstance(piece, Completion):
            deltas.end()
            return piece
        deltas.add(piece)
    raise ModelError("stream_incomplete", "The model's answer broke off; try again.", status=502)


def _first_token(turn: Turn) -> None:
    if turn.totals.ttft_ns is None:
        seconds = perf_counter() - turn.started
        turn.totals.ttft_ns = int(seconds * 1e9)
        tracing.passed("time_to_first_token", seconds)
        metrics.TTFT_MS.observe(seconds * 1000)
