"""Sending messages: answers, streams, tools, failures, and what is kept."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import letta_client
import pytest
from letta_client import Letta

from tests.support.model import Call, Fail, Model, Say, said_by_user
from tests.support.server import Server

HUMAN = [{"label": "human", "value": "Ada"}]
TOOLS = ["core_memory_append", "core_memory_replace", "archival_memory_insert", "archival_memory_search"]


def new_agent(client: Letta, **options: Any) -> str:
    """An agent with a human block."""
    return client.agents.create(**({"memory_blocks": HUMAN} | options)).id


def say(client: Letta, agent_id: str, text: str, **options: Any) -> Any:
    """Send one user message."""
    message = {"role": "user", "content": text} | options.pop("message", {})
    return client.agents.messages.create(agent_id=agent_id, messages=[message], **options)


def kinds(messages: Any) -> list[str]:
    """Message types without `_message`."""
    return [m.message_type.removesuffix("_message") for m in messages]


def test_input_is_a_short_form_of_one_message(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    answer = client.agents.messages.create(agent_id=agent_id, input="hello there")
    assert answer.messages[0].content == "You said: hello there"
    assert answer.usage.total_tokens == 110
    run_id = answer.usage.run_ids[0]
    run = client.runs.retrieve(run_id)
    assert (run.status, run.stop_reason, run.agent_id) == ("completed", "end_turn", agent_id)
    (step,) = client.runs.steps.list(run_id)
    assert (step.id, step.status, step.total_tokens) == (answer.messages[0].step_id, "success", 110)
    assert client.steps.retrieve(step.id).model == "scripted"
    assert kinds(client.runs.messages.list(run_id)) == ["user", "assistant"]
    assert client.runs.usage.retrieve(run_id).total_tokens == 110
    assert client.agents.retrieve(agent_id).last_stop_reason == "end_turn"


def test_the_model_sees_memory_history_and_time(client: Letta, model: Model) -> None:
    agent_id = new_agent(client, timezone="Europe/Berlin")
    say(client, agent_id, "first")
    say(client, agent_id, "second")
    sent = model.requests[-1]["messages"]
    assert [m["role"] for m in sent] == ["system", "user", "assistant", "user"]
    assert "<human>" in sent[0]["content"]
    assert "<value>\nAda\n</value>" in sent[0]["content"]
    assert agent_id in sent[0]["content"]
    packed = json.loads(sent[-1]["content"])
    assert (packed["type"], packed["message"]) == ("user_message", "second")
    assert packed["time"].endswith(("CET+0100", "CEST+0200"))
    assert model.headers[-1]["Authorization"] == "Bearer model-key-that-must-not-leak"


def test_the_prompt_is_stable_until_memory_changes(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    say(client, agent_id, "one")
    say(client, agent_id, "two")
    first, second = (request["messages"][0]["content"] for request in model.requests)
    assert first == second
    client.agents.blocks.update("human", agent_id=agent_id, value="Grace")
    say(client, agent_id, "three")
    third = model.requests[-1]["messages"][0]["content"]
    assert "<value>\nGrace\n</value>" in third
    (system,) = client.agents.messages.list(agent_id, order="asc", limit=1).items
    assert system.content == third


def test_streaming_by_steps(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    message = {"role": "user", "content": "remember that tea is green"}
    with client.agents.messages.create(agent_id=agent_id, messages=[message], streaming=True) as stream:
        events = list(stream)
    assert kinds(events) == [
        "ping", "tool_call", "tool_return", "assistant", "stop_reason", "usage_statistics",
    ]  # fmt: skip
    assert events[0].run_id.startswith("run-")
    assert events[-2].stop_reason == "end_turn"
    assert events[-1].step_count == 2


def test_streaming_by_tokens(client: Letta, model: Model) -> None:
    model.script = lambda request: (
        Say("one two three four five six")
        if request["messages"][-1]["role"] == "tool"
        else Call([("memory_insert", {"label": "human", "new_string": "likes tea"})])
    )
    agent_id = new_agent(client)
    with client.agents.messages.stream(
        agent_id=agent_id,
        messages=[{"role": "user", "content": "go"}],
        stream_tokens=True,
        include_pings=False,
    ) as stream:
        events = list(stream)
    texts = [e for e in events if e.message_type == "assistant_message"]
    assert len(texts) > 2
    assert "".join(e.content for e in texts) == "one two three four five six"
    assert len({e.id for e in texts}) == 1
    calls = [e.tool_call for e in events if e.message_type == "tool_call_message"]
    assert json.loads("".join(c.arguments or "" for c in calls)) == {
        "label": "human",
        "new_string": "likes tea",
    }
    assert calls[0].name == "memory_insert"
    assert kinds(events)[-2:] == ["stop_reason", "usage_statistics"]
    stored = client.agents.messages.list(agent_id).items
    assert stored[0].id == texts[0].id


def test_a_slow_model_gets_keepalives(client: Letta, model: Model, roost_server: Server) -> None:
    """The shared server pings every second; the answer takes longer."""
    model.delay = 2.5
    agent_id = new_agent(client)
    with client.agents.messages.stream(
        agent_id=agent_id, messages=[{"role": "user", "content": "x"}]
    ) as stream:
        events = list(stream)
    assert kinds(events).count("ping") >= 3


def test_listing_pages_over_rows_and_ends(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    for n in range(4):
        say(client, agent_id, f"remember that n is {n}")
    everything = list(client.agents.messages.list(agent_id, order="asc", limit=1000))
    assert kinds(everything[:5]) == ["system", "user", "tool_call", "tool_return", "assistant"]
    assert len(everything) == 1 + 4 * 4
    paged = list(client.agents.messages.list(agent_id, order="asc", limit=3))
    assert [m.id for m in paged] == [m.id for m in everything]
    newest = list(client.agents.messages.list(agent_id, limit=5))
    assert [m.id for m in newest] == [m.id for m in everything[::-1]]
    users = client.agents.messages.list(agent_id, include_return_message_types=["user_message"]).items
    assert kinds(users) == ["user"] * 4
    with pytest.raises(letta_client.NotFoundError):
        client.agents.messages.list(agent_id, after="message-00000000-0000-4000-8000-00000000dead")


def test_memory_tools_edit_blocks_and_errors_go_to_the_model(client: Letta, model: Model) -> None:
    steps: list[Any] = [
        Call([
            ("memory_insert", {"label": "human", "new_string": "Second line"}),
            ("memory_insert", {"label": "human", "new_string": "Top", "insert_line": 0}),
            ("core_memory_append", {"label": "human", "content": "Last"}),
        ]),
        Call([
            ("memory_replace", {"label": "human", "old_string": "Ada", "new_string": "Grace"}),
            ("memory_replace", {"label": "human", "old_string": "absent", "new_string": ""}),
            ("core_memory_replace", {"label": "nobody", "old_content": "a", "new_content": "b"}),
            ("memory_insert", "{broken"),
            ("memory_insert", {"label": "human"}),
            ("rm_rf", {}),
        ]),
        Say("done"),
    ]  # fmt: skip
    model.script = lambda _: steps.pop(0)
    agent_id = new_agent(client, tools=TOOLS)
    answer = say(client, agent_id, "go")
    assert kinds(answer.messages) == ["tool_call", "tool_return"] * 2 + ["assistant"]
    first, second = (m.tool_returns for m in answer.messages if m.message_type == "tool_return_message")
    assert [r.status for r in first] == ["success"] * 3
    assert [r.status for r in second] == ["success"] + ["error"] * 5
    for result, words in zip(
        second[1:],
        ["exactly once", "labelled 'nobody'", "not valid JSON", "needs new_string", "no tool"],
        strict=True,
    ):
        assert words in result.tool_return
    block = client.agents.blocks.retrieve("human", agent_id=agent_id)
    assert block.value == "Top\nGrace\nSecond line\nLast"
    sent = model.requests[-1]["messages"]
    assert [m["role"] for m in sent[-7:]] == ["assistant"] + ["tool"] * 6
    assert all(json.loads(call["function"]["arguments"]) is not None for call in sent[-7]["tool_calls"])
    assert json.loads(sent[-1]["content"])["status"] == "Failed"


def test_read_only_and_full_blocks_are_protected(client: Letta, model: Model) -> None:
    blocks = [
        {"label": "law", "value": "fixed", "read_only": True},
        {"label": "small", "value": "1234", "limit": 5},
    ]
    steps = [
        Call([("core_memory_append", {"label": "law", "content": "x"}),
              ("core_memory_append", {"label": "small", "content": "x"})]),
        Say("ok"),
    ]  # fmt: skip
    model.script = lambda _: steps.pop(0)
    agent = client.agents.create(memory_blocks=blocks, tools=TOOLS)
    answer = say(client, agent.id, "go")
    texts = [r.tool_return for r in answer.messages[1].tool_returns]
    assert "read-only" in texts[0]
    assert "limit is 5" in texts[1]
    assert [b.value for b in client.agents.retrieve(agent.id).blocks] == ["fixed", "1234"]


def test_conversation_search_finds_by_words_role_and_date(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    say(client, agent_id, "the code is 100% blue")
    found: list[Any] = []

    def script(request: dict[str, Any]) -> Any:
        if request["messages"][-1]["role"] == "tool":
            found.append(json.loads(json.loads(request["messages"][-1]["content"])["message"]))
            return Say("ok")
        return Call([("conversation_search", json.loads(said_by_user(request)))])

    model.script = script
    for query in (
        {"query": "100% BLUE", "roles": ["user"]},
        {"query": "nothing of it"},
        {"query": "blue", "end_date": "2020-01-01"},
        {"query": "blue", "start_date": "2020-01-01", "limit": 1},
    ):
        say(client, agent_id, json.dumps(query))
    # Each search also finds earlier searches; what matters is what it must and must not contain.
    assert "the code is 100% blue" in [r["content"] for r in found[0]["results"]]
    assert "the code is 100% blue" not in [r["content"] for r in found[1]["results"]]
    assert found[2]["count"] == 0
    assert found[3]["count"] == 1


def test_the_turn_ends_after_max_steps_and_at_a_terminal_tool(client: Letta, model: Model) -> None:
    model.script = lambda _: Call([("memory_insert", {"label": "human", "new_string": "x"})])
    agent_id = new_agent(client)
    limited = say(client, agent_id, "go", max_steps=2)
    assert (limited.stop_reason.stop_reason, limited.usage.step_count) == ("max_steps", 2)
    rules = [{"type": "exit_loop", "tool_name": "memory_insert"}]
    ended = say(client, new_agent(client, tool_rules=rules), "go")
    assert (ended.stop_reason.stop_reason, ended.usage.step_count) == ("tool_rule", 1)


def test_an_overlong_answer_says_so(client: Letta, model: Model) -> None:
    model.script = lambda _: Say("cut of", finish="length")
    answer = say(client, new_agent(client), "go")
    assert answer.stop_reason.stop_reason == "max_tokens_exceeded"


@pytest.mark.parametrize(
    ("answer", "status", "kind", "calls"),
    [
        (Fail(500), 502, "llm_error", 3),
        (Fail(429), 429, "llm_rate_limit", 3),
        (Fail(401), 502, "llm_authentication", 1),
        (Fail(400), 400, "llm_bad_request", 1),
        (Say(""), 502, "llm_empty_response", 3),
    ],
)
def test_a_failing_model_is_reported_once(
    client: Letta, model: Model, answer: Any, status: int, kind: str, calls: int
) -> None:
    """Our own retries are bounded, and the client is told not to repeat the whole turn."""
    agent_id = new_agent(client)
    model.script = lambda _: answer
    with pytest.raises(letta_client.APIStatusError) as caught:
        say(client, agent_id, "hello")
    assert caught.value.status_code == status
    assert caught.value.body["error"]["type"] == kind
    assert len(model.requests) == calls
    (run,) = client.runs.list(agent_id=agent_id).items
    assert (run.status, run.stop_reason) == ("failed", "llm_api_error")
    model.script = lambda _: Say("better")
    assert say(client, agent_id, "again").messages[0].content == "better"


def test_a_stream_that_fails_ends_with_a_named_error(client: Letta, model: Model) -> None:
    model.script = lambda _: Fail(400)
    agent_id = new_agent(client)
    stream = client.agents.messages.stream(agent_id=agent_id, messages=[{"role": "user", "content": "x"}])
    seen: list[Any] = []
    with pytest.raises(letta_client.APIError, match="refused the request"), stream:
        seen.extend(stream)
    assert kinds(seen) == ["ping", "stop_reason"]
    assert seen[-1].stop_reason == "llm_api_error"


def test_two_turns_on_one_agent_never_interleave(client: Letta, model: Model, roost_server: Server) -> None:
    agent_id = new_agent(client)
    model.gate = threading.Event()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(say, client, agent_id, "slow")
        while not model.requests:
            pass
        body = {"messages": [{"role": "user", "content": "impatient"}]}
        status, answer, headers = roost_server.request("POST", f"/v1/agents/{agent_id}/messages", body)
        assert (status, headers["x-should-retry"]) == (409, "false")
        assert "busy" in answer["detail"]
        other = pool.submit(say, client, new_agent(client), "independent")
        model.gate.set()
        assert first.result().stop_reason.stop_reason == "end_turn"
        assert other.result().stop_reason.stop_reason == "end_turn"
    contents = [m.content for m in client.agents.messages.list(agent_id, order="asc").items[1:]]
    assert contents == ["slow", "You said: slow"]


def test_a_repeated_otid_is_answered_again_and_applied_once(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    message = {"otid": "retry-me"}
    first = say(client, agent_id, "remember that x is 1", message=message)
    again = say(client, agent_id, "remember that x is 1", message=message)
    assert again.messages == first.messages
    assert again.usage == first.usage
    assert len(model.requests) == 2
    with client.agents.messages.stream(
        agent_id=agent_id, messages=[{"role": "user", "content": "remember that x is 1"} | message]
    ) as stream:
        assert kinds(stream) == [
            "ping", "tool_call", "tool_return", "assistant", "stop_reason", "usage_statistics",
        ]  # fmt: skip
    block = client.agents.blocks.retrieve("human", agent_id=agent_id)
    assert block.value == "Ada\nx is 1"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "exactly one of"),
        ({"messages": []}, "is empty"),
        ({"messages": [{"role": "user", "content": "x"}], "input": "y"}, "exactly one of"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "role"),
        ({"input": "x", "stream_tokens": True}, "streaming"),
        ({"input": "x", "include_return_message_types": ["nonsense"]}, "no message type"),
        ({"input": "\ud800"}, "not valid"),
    ],
)
def test_malformed_requests_are_422(client: Letta, roost_server: Server, body: dict, words: str) -> None:
    status, answer, _ = roost_server.request("POST", f"/v1/agents/{new_agent(client)}/messages", body)
    assert status == 422
    assert words in answer["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"input": "x", "return_logprobs": True},
        {"input": "x", "client_skills": [{"name": "s", "description": "d", "location": "l"}]},
    ],
)
def test_what_is_not_served_yet_says_so(client: Letta, roost_server: Server, body: dict) -> None:
    status, answer, _ = roost_server.request("POST", f"/v1/agents/{new_agent(client)}/messages", body)
    assert status == 501
    assert "not served" in answer["detail"]


def test_a_missing_agent_is_404(client: Letta) -> None:
    with pytest.raises(letta_client.NotFoundError, match="There is no agent"):
        say(client, "agent-00000000-0000-4000-8000-00000000dead", "hello")


def test_old_messages_leave_a_full_window_but_stay_searchable(client: Letta, model: Model) -> None:
    agent = client.agents.create(context_window_limit=4096)
    for n in range(12):
        say(client, agent.id, f"number {n} " + "lorem ipsum dolor " * 60)
    sent = model.requests[-1]["messages"]
    assert sent[0]["role"] == "system"
    assert sent[1]["role"] == "user"
    assert "number 0 " not in json.dumps(sent)
    assert "number 11 " in json.dumps(sent)
    assert sum(len(json.dumps(m)) for m in sent) // 4 < 4096
    assert len(client.agents.retrieve(agent.id).message_ids) < 25
    said = [m for m in client.agents.messages.list(agent.id) if m.message_type != "summary_message"]
    assert len(said) == 25
