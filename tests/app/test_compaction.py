"""Long threads: what leaves the view, the summary that stands for it, and the prefix that never changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import letta_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from letta_client import Letta

from app.agents.compaction import CompactionSettings
from app.turns.rendering import render
from app.turns.state import ContextMessage
from app.turns.windows import cut
from tests.app.test_messages import kinds, say
from tests.support.model import Answer, Call, Fail, Model, Say
from tests.support.server import Server

LONG = "lorem ipsum dolor " * 100


def is_summary(request: dict[str, Any]) -> bool:
    """Whether a request asks for a summary."""
    return '"type":"transcript"' in str(request["messages"][-1]["content"])


def summarizing(summary: Answer) -> Any:
    """A script that answers requests for a summary with `summary`, everything else with few words."""
    return lambda request: summary if is_summary(request) else Say("Noted.")


def talk(client: Letta, agent_id: str, count: int) -> None:
    """Say something long, `count` times."""
    for number in range(count):
        say(client, agent_id, f"number {number} {LONG}")


def test_a_full_window_is_summarised_and_the_thread_goes_on(client: Letta, model: Model) -> None:
    model.script = summarizing(Say("They counted."))
    agent = client.agents.create(context_window_limit=4096)
    talk(client, agent.id, 12)
    asked = [request for request in model.requests if is_summary(request)]
    assert asked
    assert "number 0 " in asked[0]["messages"][-1]["content"]
    assert "tools" not in asked[0]
    sent = model.requests[-1]["messages"]
    assert [m["role"] for m in sent[:2]] == ["system", "user"]
    told = json.loads(sent[1]["content"])
    assert told["type"] == "system_alert"
    assert told["message"].endswith("They counted.")
    assert "number 0 " not in json.dumps(sent)
    assert "number 11 " in json.dumps(sent)
    if len(asked) > 1:
        assert "They counted." in asked[1]["messages"][-1]["content"], "a summary contains the one before"
    listed = client.agents.messages.list(agent.id, limit=1000).items
    summaries = [m for m in listed if m.message_type == "summary_message"]
    assert len(summaries) == len(asked)
    assert summaries[0].summary == "They counted."
    assert (
        summaries[0].compaction_stats.context_tokens_after
        < summaries[0].compaction_stats.context_tokens_before
    )
    assert kinds(client.agents.messages.list(agent.id, include_return_message_types=["summary_message"])) == [
        "summary"
    ] * len(asked)


def test_without_a_summary_the_thread_goes_on_too(client: Letta, model: Model) -> None:
    model.script = summarizing(Fail(400))
    agent = client.agents.create(context_window_limit=4096)
    talk(client, agent.id, 10)
    assert any(is_summary(request) for request in model.requests)
    sent = json.dumps(model.requests[-1]["messages"])
    assert "number 0 " not in sent
    assert "number 9 " in sent
    assert "summary" not in kinds(client.agents.messages.list(agent.id, limit=1000))


def test_the_client_can_see_that_it_happens(client: Letta, model: Model) -> None:
    model.script = summarizing(Say("They counted."))
    agent = client.agents.create(context_window_limit=4096)
    seen: list[str] = []
    for number in range(8):
        answer = say(client, agent.id, f"number {number} {LONG}", include_compaction_messages=True)
        seen += kinds(answer.messages)
    assert seen[seen.index("event") : seen.index("event") + 3] == ["event", "summary", "assistant"]


def test_a_turn_that_outgrows_the_window_goes_on(client: Letta, model: Model) -> None:
    calls = 0

    def script(request: dict[str, Any]) -> Answer:
        nonlocal calls
        if is_summary(request):
            return Say("A lot was written.")
        calls += 1
        return Call([("conversation_search", {"query": LONG})]) if calls < 12 else Say("done")

    model.script = script
    agent = client.agents.create(context_window_limit=4096)
    answer = say(client, agent.id, "go")
    assert (answer.stop_reason.stop_reason, answer.usage.step_count) == ("end_turn", 12)
    assert any(is_summary(request) for request in model.requests)


def test_the_provider_says_that_it_does_not_fit(client: Letta, model: Model) -> None:
    refused = False

    def script(request: dict[str, Any]) -> Answer:
        nonlocal refused
        if is_summary(request):
            return Say("They counted.")
        if len(request["messages"]) > 6 and not refused:
            refused = True
            return Fail(400, "This model's maximum context length is 10 tokens")
        return Say("Noted.")

    model.script = script
    agent = client.agents.create()
    for number in range(5):
        assert say(client, agent.id, f"number {number}").stop_reason.stop_reason == "end_turn"
    assert refused
    assert "They counted." in json.dumps(model.requests[-1]["messages"])


def test_compaction_on_request(client: Letta, model: Model, roost_server: Server) -> None:
    model.script = summarizing(Say("They counted."))
    agent = client.agents.create()
    with pytest.raises(letta_client.BadRequestError, match="nothing to compact"):
        client.agents.messages.compact(agent.id)
    for number in range(5):
        say(client, agent.id, f"number {number}")
    done = client.agents.messages.compact(agent.id, compaction_settings={"mode": "all", "clip_chars": 4})
    assert (done.summary, done.num_messages_before, done.num_messages_after) == ("They", 11, 2)
    say(client, agent.id, "next")
    assert [m["role"] for m in model.requests[-1]["messages"]] == ["system", "user", "user"]
    part = client.agents.messages.compact(agent.id, compaction_settings={"mode": "sliding_window"})
    assert part.num_messages_after < part.num_messages_before
    with pytest.raises(letta_client.UnprocessableEntityError):
        client.agents.messages.compact(agent.id, compaction_settings={"mode": "squeeze"})
    status, _, _ = roost_server.request("POST", "/v1/agents/agent-1/summarize")
    assert status == 422


def test_the_agent_summarises_itself(client: Letta, model: Model) -> None:
    agent = client.agents.create()
    model.script = lambda request: Say(
        "In my words." if "summary" in str(request["messages"][-1]["content"]) else "x"
    )
    for number in range(3):
        say(client, agent.id, f"number {number}")
    first = model.requests[-1]["messages"]
    done = client.agents.messages.compact(agent.id, compaction_settings={"mode": "self_compact_all"})
    assert done.summary == "In my words."
    assert model.requests[-1]["messages"][: len(first)] == first, "the provider's cache is used"


def test_the_context_window_is_accounted_for(client: Letta, model: Model, roost_server: Server) -> None:
    blocks = [{"label": "human", "value": "Ada " * 100}]
    agent = client.agents.create(
        memory_blocks=blocks, tool_rules=[{"type": "exit_loop", "tool_name": "memory_insert"}]
    )
    say(client, agent.id, "hello")
    status, found, _ = roost_server.request("GET", f"/v1/agents/{agent.id}/context")
    assert status == 200
    parts = [value for name, value in found.items() if name.startswith("num_tokens_")]
    assert found["context_window_size_current"] == sum(parts)
    assert found["num_tokens_core_memory"] > 80
    assert "Ada" in found["core_memory"]
    assert "memory_insert ends your turn" in found["tool_usage_rules"]
    assert (found["num_messages"], found["num_recall_memory"]) == (3, 3)
    assert [m["message_type"] for m in found["messages"]] == [
        "system_message",
        "user_message",
        "assistant_message",
    ]


ROLES = st.sampled_from(["user", "assistant", "call", "heartbeat"])


def thread(roles: list[str]) -> list[ContextMessage]:
    """A thread in which calls have their returns."""
    now = datetime.now(UTC)
    messages = [ContextMessage(1, "system", "prompt", now)]
    for role in roles:
        seq = messages[-1].seq + 1
        if role == "call":
            call = {"id": f"c{seq}", "name": "t", "arguments": "{}"}
            messages.append(ContextMessage(seq, "assistant", None, now, tool_calls=[call]))
            returned = {"tool_call_id": f"c{seq}", "name": "t", "status": "success", "text": "x"}
            messages.append(ContextMessage(seq + 1, "tool", None, now, tool_returns=[returned]))
        else:
            messages.append(ContextMessage(seq, role, f"said {seq}", now))
    return messages


@given(st.lists(ROLES, max_size=12))
def test_what_was_sent_is_the_beginning_of_what_is_sent_next(roles: list[str]) -> None:
    """Between compactions a request only grows at its end, so that providers find its beginning cached."""
    whole = thread(roles)
    before: list[dict[str, Any]] = []
    for end in range(1, len(whole) + 1):
        if end < len(whole) and whole[end].role == "tool":
            continue  # no request is made between a call and its return
        sent = render(whole[:end], "UTC")
        assert sent[: len(before)] == before
        before = sent


@given(
    st.lists(ROLES, max_size=12),
    st.integers(1, 60),
    st.sampled_from(["all", "sliding_window"]),
    st.booleans(),
    st.data(),
)
def test_a_cut_keeps_calls_and_returns_together(
    roles: list[str], room: int, mode: Any, keep_last: bool, data: st.DataObject
) -> None:
    messages = thread(roles)[1:]
    sizes = [data.draw(st.integers(1, 10)) for _ in messages]
    position = cut(messages, sizes, room, CompactionSettings(mode=mode), keep_last=keep_last)
    if position is None:
        return
    assert 0 < position <= len(messages)
    assert position < len(messages) or not keep_last
    for message in render(messages[position:], "UTC"):
        assert "was lost" not in str(message.get("content"))
    if position < len(messages):
        assert messages[position].role in {"user", "assistant"}
