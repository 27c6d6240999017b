"""A step on its way into the database: its rows, before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter_ns
from typing import Any
from uuid import UUID

from app.http import ids
from app.llm.types import Completion
from app.messages import wire
from app.messages.rows import NewMessage
from app.messages.wire import Stored
from app.turns.calls import Prepared, Result
from app.turns.state import ContextMessage, LoadedAgent, Turn


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


def pending(turn: Turn, step: Step, messages: list[NewMessage]) -> dict[str, Any] | None:
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


def returned(prepared: Prepared, result: Result, limit: int) -> dict[str, Any]:
    """What a call returned, as its message keeps it."""
    kept: dict[str, Any] = {
        "tool_call_id": prepared.call.id,
        "name": prepared.call.name,
        "status": "success" if result.ok else "error",
        "text": _shortened(result.text, limit),
    }
    if prepared.error is not None:
        kept["refused"] = True
    if result.stdout or result.stderr:
        kept |= {"stdout": result.stdout, "stderr": result.stderr}
    return kept


def step_row(
    turn: Turn, agent: LoadedAgent, step: Step, messages: list[NewMessage], tool_ns: int
) -> dict[str, Any]:
    """The step's own row; its messages tell whether it is finished."""
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


def stored(turn: Turn, step: Step, message: NewMessage, seq: int, created_at: datetime) -> Stored:
    """A message as the database has it now."""
    return Stored(
        id=message.id,
        role=message.role,
        created_at=created_at,
        seq=seq,
        text=message.text,
        reasoning=message.reasoning,
        parts=message.parts,
        tool_calls=message.tool_calls,
        tool_returns=message.tool_returns,
        run_id=turn.run_id,
        step_id=step.id,
    )


def seen(message: Stored) -> ContextMessage:
    """A stored message as the next request has it."""
    assert message.seq is not None
    return ContextMessage(
        seq=message.seq,
        role=message.role,
        text=message.text,
        created_at=message.created_at,
        parts=message.parts,
        reasoning=message.reasoning,
        id=message.id,
        run_id=message.run_id,
        tool_calls=message.tool_calls,
        tool_returns=message.tool_returns,
    )


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [shortened: {len(text)} characters, the limit is {limit}]"
