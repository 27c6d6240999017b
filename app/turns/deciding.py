"""What follows a step: whether the turn ends, why, and what the model is told when it does not."""

from __future__ import annotations

from typing import Any

from app.llm.types import Completion
from app.turns.planning import Plan
from app.turns.state import Decide, Decision, LoadedAgent


def decider(agent: LoadedAgent, completion: Completion, planned: Plan, *, last: bool) -> Decide:
    """How to decide on a step when its tools have returned. `last`: the turn may have no further step."""
    if planned.asked:
        return lambda _: Decision("requires_approval")
    if not planned.calls:
        return lambda _: _without_calls(agent, completion, last=last)
    return lambda returns: _with_calls(agent, planned, returns, last=last)


def _without_calls(agent: LoadedAgent, completion: Completion, *, last: bool) -> Decision:
    if completion.finish_reason == "length":
        return Decision("max_tokens_exceeded")
    missing = agent.rules.missing(agent.tools)
    if missing:
        return Decision("max_steps") if last else Decision(None, _required(missing))
    return Decision("no_tool_call" if agent.talks_by_tools and agent.offered() else "end_turn")


def _with_calls(agent: LoadedAgent, planned: Plan, returns: list[dict[str, Any]], *, last: bool) -> Decision:
    after = agent.rules.noted(returns)
    done = [one["name"] for one in returns if one["status"] == "success"]
    missing = after.missing(agent.tools)
    if any(after.ends(name) for name in done) and not missing:
        return Decision("tool_rule")
    if not agent.talks_by_tools:
        reason = _required(missing) if any(after.ends(name) for name in done) else None
        return Decision("max_steps") if last else Decision(None, reason)
    reason = _reason(after.goes_on, planned, returns, missing)
    if reason is None:
        return Decision("end_turn")
    return Decision("max_steps") if last else Decision(None, reason)


def _reason(goes_on: Any, planned: Plan, returns: list[dict[str, Any]], missing: list[str]) -> str | None:
    """Why an agent that talks by tools gets another step; None when it gets none."""
    if any(one["status"] == "error" for one in returns):
        return "A call failed; go on."
    if any(goes_on(one["name"]) for one in returns):
        return "A tool rule says that the turn goes on after this call."
    if planned.wants_more:
        return "You asked for another step."
    return _required(missing) if missing else None


def _required(missing: list[str]) -> str:
    return f"You have to call {', '.join(missing)} before your turn can end."
