"""Tool rules: what is offered next, what is refused, and when a turn may end."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from letta_client import Letta

from app.turns.rules import Rules
from tests.app.test_messages import kinds, new_agent, say
from tests.support.model import Call, Model, Say

NAMES = ("a", "b", "c", "d")


def returned(name: str, text: str = "", status: str = "success", **more: Any) -> dict[str, Any]:
    """A tool's return as it is stored."""
    return {"name": name, "text": text, "status": status} | more


def rule(kind: str, name: str, **more: Any) -> dict[str, Any]:
    """A tool rule."""
    return {"type": kind, "tool_name": name} | more


def test_a_child_comes_after_its_parent_only_when_the_rules_say_so() -> None:
    rules = Rules(
        [rule("constrain_child_tools", "a", children=["b"]), rule("parent_last_tool", "c", children=["d"])]
    )
    assert rules.allowed(NAMES) == ["a", "b", "c"]
    after = rules.noted([returned("a")])
    assert (after.allowed(NAMES), after.must_call(NAMES)) == (["b"], True)
    assert rules.noted([returned("a", status="error")]).allowed(NAMES) == ["a", "b", "c"]
    assert rules.noted([returned("c")]).allowed(NAMES) == ["a", "b", "c", "d"]


def test_what_a_tool_returned_decides() -> None:
    mapped = rule("conditional", "a", child_output_mapping={"yes": "b"}, default_child=None)
    assert Rules([mapped]).noted([returned("a", "Yes")]).allowed(NAMES) == ["b"]
    assert Rules([mapped]).noted([returned("a", "no")]).allowed(NAMES) == list(NAMES)
    strict = Rules([mapped | {"require_output_mapping": True}])
    assert strict.noted([returned("a", "no")]).allowed(NAMES) == []
    assert Rules([mapped | {"default_child": "c"}]).noted([returned("a", "no")]).allowed(NAMES) == ["c"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.booleans(), st.booleans())), st.integers(0, 4))
def test_each_call_counts_once(calls: list[tuple[str, bool, bool]], limit: int) -> None:
    rules = Rules([rule("max_count_per_step", "a", max_count_limit=limit), rule("required_before_exit", "b")])
    made: Counter[str] = Counter()
    for name, ok, refused in calls:
        one = returned(name, status="success" if ok else "error")
        rules = rules.noted([one | ({"refused": True} if refused else {})])
        made[name] += not refused
    assert ("a" in rules.allowed(NAMES)) == (made["a"] < limit)
    assert rules.missing(NAMES) == ([] if made["b"] else ["b"])


def offered(request: dict[str, Any]) -> list[str]:
    """The names of the tools in a request."""
    return sorted(tool["function"]["name"] for tool in request.get("tools", ()))


def test_a_turn_begins_with_the_tool_that_has_to_come_first(client: Letta, model: Model) -> None:
    rules = [
        {"type": "run_first", "tool_name": "memory_insert", "args": {"label": "human"}},
        {"type": "constrain_child_tools", "tool_name": "memory_insert", "children": ["conversation_search"]},
    ]
    steps: list[Any] = [
        Call([("memory_insert", {"label": "persona", "new_string": "x"})]),
        Call([("memory_insert", {"label": "human", "new_string": "y"})]),
        Call([("conversation_search", {"query": "z"})]),
        Say("done"),
    ]
    model.script = lambda _: steps.pop(0)
    agent_id = new_agent(client, tool_rules=rules)
    answer = say(client, agent_id, "go")
    assert [offered(request) for request in model.requests] == [
        ["memory_insert"], ["conversation_search"], ["conversation_search"],
        ["conversation_search", "memory_insert", "memory_replace"],
    ]  # fmt: skip
    assert [request["tool_choice"] for request in model.requests] == ["required"] * 3 + ["auto"]
    returns = [m for m in answer.messages if m.message_type == "tool_return_message"]
    assert [m.status for m in returns] == ["success", "error", "success"]
    assert "Tool rule violated" in returns[1].tool_return
    assert client.agents.blocks.retrieve("human", agent_id=agent_id).value == "Ada\nx"
    prompt = model.requests[0]["messages"][0]["content"]
    assert "<tool_usage_rules>" in prompt
    assert "After memory_insert" in prompt


def test_a_tool_is_withdrawn_when_its_limit_is_reached(client: Letta, model: Model) -> None:
    rules = [{"type": "max_count_per_step", "tool_name": "memory_insert", "max_count_limit": 2}]
    call = ("memory_insert", {"label": "human", "new_string": "x"})
    steps: list[Any] = [Call([call]), Call([call, call]), Say("done")] * 2
    model.script = lambda _: steps.pop(0)
    agent_id = new_agent(client, tool_rules=rules)
    for _ in range(2):  # the count begins anew with each turn
        model.requests.clear()
        answer = say(client, agent_id, "go")
        second = answer.messages[3].tool_returns
        assert [one.status for one in second] == ["success", "error"]
        assert "memory_insert" in offered(model.requests[1])
        assert "memory_insert" not in offered(model.requests[2])


def test_a_turn_does_not_end_before_what_is_required(client: Letta, model: Model) -> None:
    rules = [{"type": "required_before_exit", "tool_name": "memory_insert"}]
    steps: list[Any] = [
        Say("I am done."), Call([("memory_insert", {"label": "human", "new_string": "x"})]), Say("Now I am."),
    ]  # fmt: skip
    model.script = lambda _: steps.pop(0)
    agent_id = new_agent(client, tool_rules=rules)
    answer = say(client, agent_id, "go")
    assert kinds(answer.messages) == ["assistant", "tool_call", "tool_return", "assistant"]
    told = json.loads(model.requests[1]["messages"][-1]["content"])
    assert told["type"] == "heartbeat"
    assert "memory_insert" in told["reason"]
    listed = kinds(client.agents.messages.list(agent_id, order="asc"))
    assert listed == ["system", "user", "assistant", "tool_call", "tool_return", "assistant"]


def test_a_rule_that_is_none_is_refused(client: Letta, model: Model) -> None:
    import letta_client
    import pytest

    for wrong in ({"type": "nonsense", "tool_name": "x"}, {"type": "parent_last_tool", "tool_name": "x"}):
        with pytest.raises(letta_client.UnprocessableEntityError):
            client.agents.create(tool_rules=[wrong])
