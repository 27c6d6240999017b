"""Goes on after a client has answered a request for approval: runs what it allowed, tells what it denied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from app.llm.types import Completion, ToolCall, Usage
from app.turns.calls import Prepared, Result
from app.turns.planning import Plan
from app.turns.state import ContextMessage, LoadedAgent


def unanswered(agent: LoadedAgent, run_id: UUID) -> tuple[UUID, Completion, list[dict[str, Any]]] | None:
    """The calls whose approvals came with this run and whose returns are not there, with the id of the step
    that runs them. It is the answer's own, so that whoever resumes the turn finds what was begun.
    """
    for position in range(len(agent.messages) - 1, -1, -1):
        message = agent.messages[position]
        if message.role in {"tool", "assistant"} or (message.role == "approval" and message.tool_calls):
            return None
        if message.approvals is not None:
            request = _request(agent.messages[:position])
            if request is None or message.id is None or message.run_id != run_id:
                return None
            calls = tuple(
                ToolCall(call["id"], call["name"], call["arguments"]) for call in request.tool_calls or ()
            )
            return message.id, Completion("", "", calls, "tool_calls", Usage()), message.approvals
    return None


def decided(planned: Plan, approvals: list[dict[str, Any]]) -> Plan:
    """The plan with the client's word on each call: its own result, or that it must not run."""
    answers = {one["tool_call_id"]: one for one in approvals}
    return replace(planned, calls=[_decided(one, answers.get(one.call.id)) for one in planned.calls])


def _decided(prepared: Prepared, answer: dict[str, Any] | None) -> Prepared:
    if answer is None:
        return prepared
    if answer["type"] == "tool":
        ok = answer["status"] == "success"
        result = Result(answer["tool_return"], ok, answer.get("stdout"), answer.get("stderr"))
        return Prepared(prepared.call, {}, result=result)
    if answer["approve"]:
        return prepared
    reason = f" The reason: {answer['reason']}" if answer.get("reason") else ""
    return Prepared(prepared.call, {}, result=Result(f"The user denied this call.{reason}", ok=False))


def _request(messages: list[ContextMessage]) -> ContextMessage | None:
    found = next((one for one in reversed(messages) if one.tool_calls), None)
    return found if found is not None and found.role == "approval" else None
