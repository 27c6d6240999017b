"""Agents of MemGPT's kind: they think in an argument, talk with send_message, and go on by heartbeats."""

from __future__ import annotations

import json
from typing import Any

from letta_client import Letta

from tests.app.test_messages import kinds, new_agent, say
from tests.support.model import Call, Model, Say


def send(text: str, thinking: str = "Let me answer.") -> Call:
    """A step that talks to the user."""
    return Call([("send_message", {"thinking": thinking, "message": text})])


def scripted(model: Model, *steps: Any) -> None:
    """Answer with these, one after another."""
    left = list(steps)
    model.script = lambda _: left.pop(0)


def test_what_it_sends_is_what_the_user_reads(client: Letta, model: Model) -> None:
    scripted(model, send("Hello, Ada!", "She is here."))
    agent_id = new_agent(client, agent_type="memgpt_agent")
    answer = say(client, agent_id, "hi")
    assert kinds(answer.messages) == ["reasoning", "assistant", "tool_return"]
    assert answer.messages[0].reasoning == "She is here."
    assert answer.messages[0].source == "non_reasoner_model"
    assert answer.messages[1].content == "Hello, Ada!"
    assert answer.stop_reason.stop_reason == "tool_rule"
    request = model.requests[0]
    assert (request["tool_choice"], request["parallel_tool_calls"]) == ("required", False)
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in request["tools"]}
    assert sorted(schemas) == [
        "conversation_search", "core_memory_append", "core_memory_replace", "memory", "memory_apply_patch",
        "send_message",
    ]  # fmt: skip
    assert all("thinking" in schema["required"] for schema in schemas.values())
    assert "request_heartbeat" not in schemas["send_message"]["properties"]
    assert "request_heartbeat" in schemas["core_memory_append"]["required"]
    listed = client.agents.messages.list(agent_id, order="asc").items
    assert [m.content for m in listed if m.message_type == "assistant_message"] == ["Hello, Ada!"]


def test_the_tool_call_is_shown_when_the_client_wants_it_so(client: Letta, model: Model) -> None:
    scripted(model, send("Hello!"))
    agent_id = new_agent(client, agent_type="memgpt_agent")
    answer = say(client, agent_id, "hi", use_assistant_message=False)
    assert kinds(answer.messages) == ["reasoning", "tool_call", "tool_return"]
    assert json.loads(answer.messages[1].tool_call.arguments)["message"] == "Hello!"


def test_a_heartbeat_asks_for_another_step(client: Letta, model: Model) -> None:
    rules = {"include_base_tool_rules": False}
    note = {"thinking": "Worth keeping.", "label": "human", "content": "tea"}
    scripted(
        model,
        Call([("core_memory_append", note | {"request_heartbeat": True})]),
        Call([("core_memory_append", note | {"request_heartbeat": False})]),
    )
    agent_id = new_agent(client, agent_type="memgpt_agent", **rules)
    answer = say(client, agent_id, "I like tea")
    assert kinds(answer.messages) == ["reasoning", "tool_call", "tool_return"] * 2
    assert (answer.stop_reason.stop_reason, answer.usage.step_count) == ("end_turn", 2)
    second = model.requests[1]["messages"]
    assert json.loads(second[-1]["content"])["type"] == "heartbeat"
    replayed = json.loads(second[2]["tool_calls"][0]["function"]["arguments"])
    assert replayed["thinking"] == "Worth keeping."
    assert "heartbeat" not in " ".join(kinds(client.agents.messages.list(agent_id)))


def test_a_failed_call_gets_another_step(client: Letta, model: Model) -> None:
    scripted(
        model,
        Call([("core_memory_append", {"thinking": "x", "label": "nobody", "content": "y"})]),
        send("Sorry."),
    )
    answer = say(client, new_agent(client, agent_type="memgpt_agent"), "go")
    assert answer.usage.step_count == 2
    assert [m.status for m in answer.messages if m.message_type == "tool_return_message"] == [
        "error", "success",
    ]  # fmt: skip


def test_an_answer_without_a_call_ends_the_turn_badly(client: Letta, model: Model) -> None:
    scripted(model, Say("just text"))
    answer = say(client, new_agent(client, agent_type="memgpt_agent"), "go")
    assert answer.stop_reason.stop_reason == "no_tool_call"
    assert client.runs.retrieve(answer.usage.run_ids[0]).status == "failed"


def test_memory_as_files_and_as_patches(client: Letta, model: Model) -> None:
    def memory(**arguments: Any) -> tuple[str, dict[str, Any]]:
        return ("memory", {"thinking": "x", **arguments})

    patch = "@@\n Ada\n-likes coffee\n+likes tea\n@@\n+The end"
    scripted(
        model,
        Call([
            memory(command="create", path="/memories/plan", file_text="one\ntwo", description="What to do"),
            memory(command="insert", path="/memories/plan", insert_line=1, insert_text="between"),
            memory(command="str_replace", path="/memories/plan", old_string="two", new_string="2"),
            memory(command="rename", path="/memories/plan", new_path="/memories/todo"),
            memory(command="create", path="/memories/todo", file_text="again"),
            memory(command="delete", path="/memories/nothing"),
            ("core_memory_append", {"thinking": "x", "label": "human", "content": "likes coffee"}),
            ("memory_apply_patch", {"thinking": "x", "label": "human", "patch": patch}),
            ("memory_apply_patch", {"thinking": "x", "label": "human", "patch": "-not there"}),
        ]),
        send("done"),
    )  # fmt: skip
    agent_id = new_agent(client, agent_type="memgpt_agent")
    answer = say(client, agent_id, "go")
    returns = next(m for m in answer.messages if m.message_type == "tool_return_message").tool_returns
    assert [one.status for one in returns] == [
        *["success"] * 4,
        "error",
        "error",
        "success",
        "success",
        "error",
    ]
    blocks = {block.label: block for block in client.agents.retrieve(agent_id).blocks}
    assert blocks["todo"].value == "one\nbetween\n2"
    assert blocks["todo"].description == "What to do"
    assert blocks["human"].value == "Ada\nlikes tea\nThe end"


def test_what_it_thinks_and_sends_is_streamed(client: Letta, model: Model) -> None:
    note = {"thinking": "Worth keeping.", "label": "human", "content": "tea", "request_heartbeat": True}
    scripted(model, Call([("core_memory_append", note)]), send("one two three", "Now the answer."))
    agent_id = new_agent(client, agent_type="memgpt_agent")
    with client.agents.messages.stream(
        agent_id=agent_id, messages=[{"role": "user", "content": "hi"}], stream_tokens=True
    ) as stream:
        events = list(stream)
    told = {
        kind: [e for e in events if e.message_type == f"{kind}_message"]
        for kind in ("reasoning", "assistant")
    }
    assert "".join(e.reasoning for e in told["reasoning"]) == "Worth keeping.Now the answer."
    assert "".join(e.content for e in told["assistant"]) == "one two three"
    (call,) = [e.tool_call for e in events if e.message_type == "tool_call_message"]
    assert json.loads(call.arguments) == {"label": "human", "content": "tea", "request_heartbeat": True}


def test_it_rewrites_memory_and_says_when_it_is_done(client: Letta, model: Model) -> None:
    scripted(
        model,
        Call([
            ("memory_rethink", {"label": "human", "new_memory": "Ada likes tea."}),
            ("memory_rethink", {"label": "human", "new_memory": "Line 1: Ada"}),
        ]),
        Call([("memory_finish_edits", {})]),
    )  # fmt: skip
    agent_id = new_agent(client, agent_type="sleeptime_agent")
    answer = say(client, agent_id, "tidy up")
    assert (answer.stop_reason.stop_reason, answer.usage.step_count) == ("tool_rule", 2)
    assert [one.status for one in answer.messages[1].tool_returns] == ["success", "error"]
    assert client.agents.blocks.retrieve("human", agent_id=agent_id).value == "Ada likes tea."
