"""Conversations: contexts of an agent besides its own thread, through the official client."""

from __future__ import annotations

import letta_client
import pytest
from letta_client import Letta

from tests.support.model import Model, Say
from tests.support.server import Server

MISSING = "conv-00000000-0000-4000-8000-00000000dead"


def say(client: Letta, conversation_id: str, text: str) -> str:
    """Send one user message in a conversation; what the agent said."""
    events = client.conversations.messages.create(conversation_id, input=text)
    return " ".join(event.content for event in events if event.message_type == "assistant_message")


def seen_by(model: Model) -> str:
    """What the model was last shown, but for its instructions."""
    return str(model.requests[-1]["messages"][1:])


def test_conversations_of_one_agent_do_not_see_each_other(client: Letta, model: Model) -> None:
    model.script = lambda _: Say("noted")
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": "Ada"}])
    one, two = (client.conversations.create(agent_id=agent.id, summary=name) for name in ("one", "two"))
    client.agents.messages.create(agent.id, input="said in the own thread")
    say(client, one.id, "said in one")
    assert say(client, two.id, "said in two") == "noted"
    assert "said in two" in seen_by(model)
    assert "said in one" not in seen_by(model)
    assert "own thread" not in seen_by(model)
    assert "Ada" in model.requests[-1]["messages"][0]["content"]
    say(client, one.id, "again in one")
    assert "said in one" in seen_by(model)
    client.agents.messages.create(agent.id, input="again in the own thread")
    assert "said in the own thread" in seen_by(model)
    assert "in one" not in seen_by(model)
    listed = [m.content for m in client.conversations.messages.list(one.id, order="asc")]
    assert listed == ["said in one", "noted", "again in one", "noted"]
    assert len(client.conversations.retrieve(two.id).in_context_message_ids) == 3
    assert client.conversations.retrieve(two.id).last_message_at is not None
    own = client.agents.messages.list(agent.id, conversation_id="default", order="asc", limit=50)
    assert [m.content for m in own if m.message_type == "user_message"] == [
        "said in the own thread", "again in the own thread",
    ]  # fmt: skip
    everything = client.agents.messages.list(agent.id, limit=3)
    assert len([m for m in everything if m.message_type == "user_message"]) == 5


def test_memory_is_shared_between_conversations(client: Letta, model: Model) -> None:
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
    one, two = (client.conversations.create(agent_id=agent.id) for _ in range(2))
    say(client, one.id, "Please remember that the ferry leaves at nine.")
    assert "the ferry leaves at nine" in say(client, two.id, "What do you know?")


def test_streaming_is_the_default(client: Letta, roost_server: Server, model: Model) -> None:
    model.script = lambda _: Say("streamed")
    agent = client.agents.create()
    conversation = client.conversations.create(agent_id=agent.id)
    events = list(client.conversations.messages.create(conversation.id, input="hi"))
    kinds = [event.message_type for event in events]
    assert kinds == ["ping", "assistant_message", "stop_reason", "usage_statistics"]
    path = f"/v1/conversations/{conversation.id}/messages"
    _, whole, _ = roost_server.request("POST", path, {"input": "hi", "streaming": False})
    assert whole["messages"][0]["content"] == "streamed"
    events = list(client.conversations.messages.create("default", agent_id=agent.id, input="hi"))
    assert events[1].content == "streamed"
    assert client.conversations.messages.list("default", agent_id=agent.id).items[0].content == "streamed"
    assert client.conversations.messages.list(agent.id).items[0].content == "streamed"


def test_a_fork_starts_with_what_was_in_view_and_goes_its_own_way(client: Letta, model: Model) -> None:
    model.script = lambda _: Say("ok")
    agent = client.agents.create()
    first = client.conversations.create(agent_id=agent.id, summary="the first")
    say(client, first.id, "alpha")
    say(client, first.id, "beta")
    fork = client.conversations.fork(first.id)
    assert (fork.agent_id, fork.summary) == (agent.id, "the first")
    say(client, fork.id, "gamma")
    assert all(word in seen_by(model) for word in ("alpha", "beta", "gamma"))
    say(client, first.id, "delta")
    assert "gamma" not in seen_by(model)
    beta = next(m for m in client.conversations.messages.list(first.id) if m.content == "beta")
    early = client.conversations.fork(first.id, message_id=beta.id)
    assert [m.content for m in client.conversations.messages.list(early.id, order="asc")] == [
        "alpha", "ok", "beta",
    ]  # fmt: skip
    client.conversations.delete(first.id)
    assert len(client.conversations.messages.list(fork.id).items) == 6
    with pytest.raises(letta_client.NotFoundError):
        client.conversations.fork(fork.id, message_id=beta.id)
    client.agents.messages.create(agent.id, input="in the own thread")
    own = client.conversations.fork("default", agent_id=agent.id, hidden=True)
    assert [m.content for m in client.conversations.messages.list(own.id, order="asc")] == [
        "in the own thread", "ok",
    ]  # fmt: skip
    assert own.id not in [c.id for c in client.conversations.list(agent_id=agent.id)]


def test_conversations_are_listed_changed_archived_and_deleted(client: Letta) -> None:
    agent = client.agents.create()
    made = [client.conversations.create(agent_id=agent.id, summary=f"talk {n}").id for n in range(5)]
    assert [c.id for c in client.conversations.list(agent_id=agent.id)] == made[::-1]
    page = client.conversations.list(agent_id=agent.id, order="asc", limit=2, after=made[1])
    assert [c.id for c in page] == made[2:4]
    found = client.conversations.list(agent_id=agent.id, summary_search="TALK 3")
    assert [c.id for c in found] == [made[3]]
    changed = client.conversations.update(made[0], summary="renamed", description="d", archived=True)
    assert (changed.summary, changed.description, changed.archived) == ("renamed", "d", True)
    assert made[0] not in [c.id for c in client.conversations.list(agent_id=agent.id)]
    archived = client.conversations.list(agent_id=agent.id, archive_status="archived")
    assert [c.id for c in archived] == [made[0]]
    assert client.conversations.update(made[0], archived=False).archived is False
    client.conversations.delete(made[0])
    with pytest.raises(letta_client.NotFoundError, match="no conversation"):
        client.conversations.retrieve(made[0])


def test_a_conversation_may_have_settings_of_its_own(client: Letta, model: Model) -> None:
    model.script = lambda _: Say("ok")
    agent = client.agents.create()
    conversation = client.conversations.create(
        agent_id=agent.id,
        model="test/scripted",
        model_settings={"provider_type": "openai", "temperature": 0.2},
    )
    assert conversation.model == "test/scripted"
    say(client, conversation.id, "hi")
    assert model.requests[-1]["temperature"] == 0.2
    client.agents.messages.create(agent.id, input="hi")
    assert model.requests[-1]["temperature"] != 0.2
    with pytest.raises(letta_client.NotFoundError, match="offered"):
        client.conversations.update(conversation.id, model="test/none")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/v1/conversations/{MISSING}", 404),
        ("GET", f"/v1/conversations/{MISSING}/messages", 404),
        ("POST", f"/v1/conversations/{MISSING}/messages", 404),
        ("POST", f"/v1/conversations/{MISSING}/fork", 404),
        ("DELETE", f"/v1/conversations/{MISSING}", 404),
        ("GET", "/v1/conversations/conv-1", 422),
        ("GET", "/v1/conversations/nonsense/messages", 422),
        ("GET", "/v1/conversations/default/messages", 422),
        ("POST", "/v1/conversations/", 422),
        ("GET", f"/v1/conversations/?after={MISSING}", 404),
    ],
)
def test_what_is_not_there_is_404_and_what_cannot_be_is_422(
    roost_server: Server, method: str, path: str, status: int
) -> None:
    body = {"input": "hi", "streaming": False} if method == "POST" else None
    assert roost_server.request(method, path, body)[0] == status
