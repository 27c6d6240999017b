"""Calls that wait for the client: approved, denied, run by the client itself; what is refused meanwhile."""

from __future__ import annotations

import json
from typing import Any

import letta_client
import pytest
from letta_client import Letta

from tests.app.test_messages import kinds, new_agent, say
from tests.support.model import Call, Model, Say
from tests.support.server import Server

RULES = [{"type": "requires_approval", "tool_name": "memory_insert"}]


def insert(text: str) -> tuple[str, dict[str, Any]]:
    """A call that writes to the human block."""
    return ("memory_insert", {"label": "human", "new_string": text})


def asking(client: Letta, model: Model, *calls: tuple[str, Any], **options: Any) -> tuple[str, Any]:
    """An agent whose first step makes `calls`, and what it answered to that."""
    steps: list[Any] = [Call(list(calls))]
    model.script = lambda _: steps.pop(0) if steps else Say("done")
    agent_id = new_agent(client, tool_rules=RULES)
    return agent_id, say(client, agent_id, "go", **options)


def answer(client: Letta, agent_id: str, *approvals: dict[str, Any], **options: Any) -> Any:
    """Answer a request for approval."""
    message = {"type": "approval", "approvals": list(approvals)}
    return client.agents.messages.create(agent_id=agent_id, messages=[message], **options)


def human(client: Letta, agent_id: str) -> str:
    """The human block's value."""
    return client.agents.blocks.retrieve("human", agent_id=agent_id).value


def test_an_approved_call_runs_and_the_turn_goes_on(client: Letta, model: Model) -> None:
    agent_id, asked = asking(client, model, insert("likes tea"))
    assert asked.stop_reason.stop_reason == "requires_approval"
    assert kinds(asked.messages) == ["approval_request"]
    request = asked.messages[0]
    assert request.tool_call.name == "memory_insert"
    assert human(client, agent_id) == "Ada"
    pending = client.agents.retrieve(agent_id).pending_approval
    assert (pending.id, pending.tool_call.tool_call_id) == (request.id, request.tool_call.tool_call_id)
    call_id = request.tool_calls[0].tool_call_id
    done = answer(client, agent_id, {"type": "approval", "approve": True, "tool_call_id": call_id})
    assert kinds(done.messages) == ["tool_return", "assistant"]
    assert (done.messages[0].status, done.messages[0].tool_call_id) == ("success", call_id)
    assert human(client, agent_id) == "Ada\nlikes tea"
    assert client.agents.retrieve(agent_id).pending_approval is None
    listed = kinds(client.agents.messages.list(agent_id, order="asc"))
    assert listed == [
        "system", "user", "approval_request", "approval_response", "tool_return", "assistant",
    ]  # fmt: skip
    assert [m["role"] for m in model.requests[-1]["messages"]] == ["system", "user", "assistant", "tool"]


def test_a_denied_call_does_not_run_and_the_model_reads_why(client: Letta, model: Model) -> None:
    agent_id, asked = asking(client, model, insert("likes tea"), insert("likes coffee"))
    first, second = (call.tool_call_id for call in asked.messages[0].tool_calls)
    done = answer(
        client, agent_id,
        {"type": "approval", "approve": False, "tool_call_id": first, "reason": "she does not"},
        {"type": "approval", "approve": True, "tool_call_id": second},
    )  # fmt: skip
    assert [one.status for one in done.messages[0].tool_returns] == ["error", "success"]
    assert human(client, agent_id) == "Ada\nlikes coffee"
    told = [json.loads(m["content"]) for m in model.requests[-1]["messages"] if m["role"] == "tool"]
    assert [one["status"] for one in told] == ["Failed", "OK"]
    assert "she does not" in told[0]["message"]


def test_calls_that_need_no_approval_wait_with_the_others(client: Letta, model: Model) -> None:
    search = ("conversation_search", {"query": "x"})
    agent_id, asked = asking(client, model, search, insert("likes tea"))
    assert kinds(asked.messages) == ["tool_call", "approval_request"]
    (call,) = asked.messages[1].tool_calls
    done = answer(client, agent_id, {"type": "approval", "approve": True, "tool_call_id": call.tool_call_id})
    assert [one.status for one in done.messages[0].tool_returns] == ["success", "success"]


def test_the_old_form_answers_all_calls_alike(client: Letta, model: Model) -> None:
    agent_id, asked = asking(client, model, insert("a"), insert("b"))
    message = {
        "type": "approval",
        "approve": False,
        "approval_request_id": asked.messages[0].id,
        "reason": "no",
    }
    done = client.agents.messages.create(agent_id=agent_id, messages=[message])
    assert [one.status for one in done.messages[0].tool_returns] == ["error", "error"]


def test_nothing_else_is_said_while_a_call_waits(client: Letta, model: Model, roost_server: Server) -> None:
    agent_id, asked = asking(client, model, insert("a"))
    body = {"messages": [{"role": "user", "content": "hello?"}]}
    status, refused, headers = roost_server.request("POST", f"/v1/agents/{agent_id}/messages", body)
    assert (status, headers["x-should-retry"]) == (409, "false")
    assert refused["detail"]["code"] == "PENDING_APPROVAL"
    assert refused["detail"]["pending_request_id"] == asked.messages[0].id
    for wrong in ([], [{"type": "approval", "approve": True, "tool_call_id": "call-of-somebody"}]):
        with pytest.raises((letta_client.BadRequestError, letta_client.UnprocessableEntityError)):
            answer(client, agent_id, *wrong)
    assert client.agents.retrieve(agent_id).pending_approval is not None


def test_an_answer_is_applied_once(client: Letta, model: Model) -> None:
    agent_id, asked = asking(client, model, insert("once"))
    word = {"type": "approval", "approve": True, "tool_call_id": asked.messages[0].tool_call.tool_call_id}
    first = answer(client, agent_id, word)
    again = answer(client, agent_id, word)
    assert again.messages == first.messages
    assert human(client, agent_id) == "Ada\nonce"
    with pytest.raises(letta_client.BadRequestError, match="No call waits"):
        answer(client, new_agent(client), word)


def test_a_message_may_follow_the_answer(client: Letta, model: Model) -> None:
    agent_id, asked = asking(client, model, insert("a"))
    word = {"type": "approval", "approve": False, "tool_call_id": asked.messages[0].tool_call.tool_call_id}
    messages = [{"type": "approval", "approvals": [word]}, {"role": "user", "content": "stop that"}]
    done = client.agents.messages.create(agent_id=agent_id, messages=messages)
    assert kinds(done.messages) == ["tool_return", "assistant"]
    roles = [m["role"] for m in model.requests[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "user"]


def test_a_repeated_message_shows_its_request_again(client: Letta, model: Model) -> None:
    agent_id, asked = asking(client, model, insert("a"), message={"otid": "same"})
    again = say(client, agent_id, "go", message={"otid": "same"})
    assert again.messages == asked.messages
    assert again.stop_reason.stop_reason == "requires_approval"


def test_the_clients_own_tools(client: Letta, model: Model) -> None:
    steps: list[Any] = [Call([("read_file", {"path": "a.txt"})]), Say("it says hi")]
    model.script = lambda _: steps.pop(0)
    tools = [
        {"name": "read_file", "description": "Reads.", "parameters": {"type": "object", "properties": {}}}
    ]
    agent_id = new_agent(client)
    asked = say(client, agent_id, "read it", client_tools=tools)
    assert asked.stop_reason.stop_reason == "requires_approval"
    assert "read_file" in [tool["function"]["name"] for tool in model.requests[0]["tools"]]
    call_id = asked.messages[0].tool_call.tool_call_id
    returned = {"type": "tool", "tool_call_id": call_id, "tool_return": "hi", "status": "success"}
    done = client.agents.messages.create(
        agent_id=agent_id,
        messages=[{"type": "tool_return", "tool_returns": [returned]}],
        client_tools=tools,
    )
    assert kinds(done.messages) == ["tool_return", "assistant"]
    assert done.messages[0].tool_return == "hi"
    (told,) = [m for m in model.requests[-1]["messages"] if m["role"] == "tool"]
    assert json.loads(told["content"])["message"] == "hi"


def test_a_request_for_approval_is_streamed(client: Letta, model: Model) -> None:
    steps: list[Any] = [Call([insert("a")]), Say("done")]
    model.script = lambda _: steps.pop(0)
    agent_id = new_agent(client, tool_rules=RULES)
    with client.agents.messages.stream(
        agent_id=agent_id, messages=[{"role": "user", "content": "go"}], stream_tokens=True
    ) as stream:
        events = list(stream)
    asked = [e for e in events if e.message_type == "approval_request_message"]
    assert json.loads("".join(e.tool_call.arguments or "" for e in asked))["new_string"] == "a"
    assert "tool_call_message" not in [e.message_type for e in events]
    assert events[-2].stop_reason == "requires_approval"
