"""What a request says about its own turn: another model or prompt, images, other names for messages."""

from __future__ import annotations

import letta_client
import pytest
from letta_client import Letta

from tests.app.test_messages import kinds, new_agent, say
from tests.support.model import Call, Model, Say


def test_another_model_for_one_turn(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    say(client, agent_id, "hello", override_model="test/scripted")
    assert model.requests[-1]["model"] == "scripted"
    with pytest.raises(letta_client.NotFoundError, match="not offered"):
        say(client, agent_id, "hello", override_model="nobody/nothing")
    model.script = lambda _: Say("still here")
    assert say(client, agent_id, "hello").messages[0].content == "still here"


def test_another_prompt_for_one_turn(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    say(client, agent_id, "hello", override_system="Answer in French.")
    assert model.requests[-1]["messages"][0] == {"role": "system", "content": "Answer in French."}
    say(client, agent_id, "hello")
    assert "<memory_blocks>" in model.requests[-1]["messages"][0]["content"]


def test_images_reach_the_model(client: Letta, model: Model) -> None:
    model.script = lambda _: Say("I see.")
    agent_id = new_agent(client)
    content = [
        {"type": "text", "text": "what is this?"},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/cat.png"}},
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "aGk=", "detail": "low"},
        },
    ]
    client.agents.messages.create(agent_id=agent_id, messages=[{"role": "user", "content": content}])
    text, first, second = model.requests[-1]["messages"][-1]["content"]
    assert "what is this?" in text["text"]
    assert first["image_url"] == {"url": "https://example.com/cat.png"}
    assert second["image_url"] == {"url": "data:image/png;base64,aGk=", "detail": "low"}
    (shown,) = [m for m in client.agents.messages.list(agent_id) if m.message_type == "user_message"]
    assert [part.type for part in shown.content] == ["text", "image", "image"]
    wrong = [{"type": "image", "source": {"type": "base64", "media_type": "text/html", "data": "aGk="}}]
    with pytest.raises(letta_client.UnprocessableEntityError):
        client.agents.messages.create(agent_id=agent_id, messages=[{"role": "user", "content": wrong}])


def test_another_tool_may_be_the_one_that_talks(client: Letta, model: Model) -> None:
    steps = [Call([("conversation_search", {"query": "dear user"})]), Say("done")]
    model.script = lambda _: steps.pop(0)
    answer = say(
        client, new_agent(client), "go",
        assistant_message_tool_name="conversation_search", assistant_message_tool_kwarg="query",
    )  # fmt: skip
    assert kinds(answer.messages) == ["assistant", "tool_return", "assistant"]
    assert answer.messages[0].content == "dear user"


def test_only_the_wanted_types_are_returned(client: Letta, model: Model) -> None:
    rules = [{"type": "requires_approval", "tool_name": "memory_insert"}]
    model.script = lambda _: Call([("memory_insert", {"label": "human", "new_string": "x"})], text="I will.")
    agent_id = new_agent(client, tool_rules=rules)
    answer = say(client, agent_id, "go", include_return_message_types=["approval_request_message"])
    assert kinds(answer.messages) == ["approval_request"]
    listed = client.agents.messages.list(agent_id, include_return_message_types=["assistant_message"])
    assert [m.content for m in listed] == ["I will."]
