"""Agents go to a file and come back from it, through the official client."""

from __future__ import annotations

import io
import json

import letta_client
import pytest
from letta_client import Letta

from tests.app.test_conversation import BLOCKS, say, text_of
from tests.support.model import Model


def imported(client: Letta, text: str, **options: object) -> str:
    """Import a file's text; the new agent's id."""
    (made,) = client.agents.import_file(file=("agent.af", io.BytesIO(text.encode())), **options).agent_ids
    return made


def test_an_agent_comes_back_as_it_was_with_its_memory_and_history(client: Letta, model: Model) -> None:
    agent = client.agents.create(
        name="ferry desk", memory_blocks=BLOCKS, tags=["harbour"], system="Be brief.",
        timezone="Europe/Berlin",
        tools=["archival_memory_search"], metadata={"team": "x"}, description="d",
    )  # fmt: skip
    say(client, agent.id, "Please remember that the ferry leaves at nine.")
    file = client.agents.export_file(agent.id)
    client.agents.delete(agent.id)
    again = client.agents.retrieve(imported(client, file))
    assert again.name == "ferry desk_copy"
    for field in ("tags", "system", "timezone", "metadata", "description", "model", "agent_type"):
        assert getattr(again, field) == getattr(agent, field), field
    assert {t.name for t in again.tools} == {t.name for t in agent.tools}
    values = {block.label: block.value for block in again.blocks}
    assert "the ferry leaves at nine" in values["human"]
    told = [(m.message_type) for m in client.agents.messages.list(again.id, order="asc")]
    assert told == [
        "system_message", "user_message", "tool_call_message", "tool_return_message", "assistant_message",
    ]  # fmt: skip
    assert "the ferry leaves at nine" in text_of(say(client, again.id, "What do you know about the ferry?"))
    shown = str(model.requests[-1]["messages"])
    assert "Please remember" in shown
    assert '"tool_call_id"' in json.dumps(model.requests[-1]["messages"])


def test_only_what_was_in_view_is_in_view_again(client: Letta, model: Model) -> None:
    agent = client.agents.create()
    for n in range(3):
        say(client, agent.id, f"sentence {n}")
    document = json.loads(client.agents.export_file(agent.id))
    seen = document["agents"][0]["in_context_message_ids"]
    document["agents"][0]["in_context_message_ids"] = [seen[0], *seen[-2:]]
    again = imported(client, json.dumps(document), override_name="half")
    say(client, again, "now")
    shown = str(model.requests[-1]["messages"])
    assert "sentence 2" in shown
    assert "sentence 1" not in shown
    assert len(client.agents.messages.list(again, limit=100).items) == 9
    assert client.agents.retrieve(again).name == "half"


def test_messages_can_be_left_out_on_either_side(client: Letta) -> None:
    agent = client.agents.create(name="n")
    say(client, agent.id, "hello")
    assert json.loads(client.agents.export_file(agent.id, scrub_messages=True))["agents"][0]["messages"] == []
    again = imported(
        client, client.agents.export_file(agent.id), strip_messages=True, append_copy_suffix=False
    )
    assert [m.message_type for m in client.agents.messages.list(again)] == ["system_message"]
    assert client.agents.retrieve(again).name == "n"


def test_a_conversation_is_exported_alone(client: Letta) -> None:
    agent = client.agents.create()
    say(client, agent.id, "in the own thread")
    conversation = client.conversations.create(agent_id=agent.id)
    list(client.conversations.messages.create(conversation.id, input="in the conversation"))
    file = client.agents.export_file(agent.id, conversation_id=conversation.id)
    assert "in the conversation" in file
    assert "own thread" not in file


def test_tools_that_users_wrote_come_with_the_agent(client: Letta) -> None:
    head, body = "def tide(place: str) -> str:", '"""The tide.\n\n    Args:\n        place: Where.\n    """'
    source = f"{head}\n    {body}\n    return place\n"
    tool = client.tools.create(source_code=source)
    agent = client.agents.create(tool_ids=[tool.id])
    file = client.agents.export_file(agent.id)
    client.agents.delete(agent.id)
    client.tools.delete(tool.id)
    again = client.agents.retrieve(imported(client, file))
    (made,) = [t for t in again.tools if t.name == "tide"]
    assert made.source_code == source


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("not json", letta_client.UnprocessableEntityError, "no agent file"),
        ("{}", letta_client.UnprocessableEntityError, "agents"),
        ('{"agents": [{"id": "a", "block_ids": ["b"]}]}', letta_client.UnprocessableEntityError, "'b'"),
        (
            '{"agents": [{"id": "a", "tool_ids": ["t"]}], "tools": [{"id": "t", "name": "nobody_has_this"}]}',
            letta_client.UnprocessableEntityError, "nobody_has_this",
        ),
        ('{"agents": [{"id": "a"}], "groups": [{}]}', letta_client.APIStatusError, "groups"),
        ('{"agents": [{"id": "a", "model": "x/y"}]}', letta_client.NotFoundError, "offered"),
    ],
)  # fmt: skip
def test_what_is_no_agent_file_is_refused_with_a_reason(
    client: Letta, text: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        imported(client, text)


def test_a_plain_file_of_upstreams_shape_is_taken(client: Letta) -> None:
    """Letta's own servers write content as parts, calls in OpenAI's shape, a config and no handle."""
    document = {
        "agents": [{
            "id": "agent-0", "name": "old", "system": "s", "agent_type": "letta_v1_agent",
            "llm_config": {"model": "scripted", "model_endpoint_type": "openai", "context_window": 9000},
            "block_ids": ["block-0"], "tool_ids": ["tool-0"],
            "in_context_message_ids": ["message-0", "message-1"],
            "messages": [
                {"id": "message-0", "role": "system", "content": [{"type": "text", "text": "old prompt"}]},
                {"id": "message-1", "role": "user", "content": [{"type": "text", "text": "hi"}]},
                {"id": "message-2", "role": "assistant", "content": [
                    {"type": "reasoning", "reasoning": "hmm", "is_native": True}],
                 "tool_calls": [{"id": "c1", "type": "function",
                                 "function": {"name": "conversation_search", "arguments": "{}"}}]},
                {"id": "message-3", "role": "tool", "tool_call_id": "c1", "name": "conversation_search",
                 "content": [{"type": "text", "text": "nothing"}]},
            ],
        }],
        "blocks": [{"id": "block-0", "label": "human", "value": "Ada"}],
        "tools": [{"id": "tool-0", "name": "conversation_search", "tool_type": "letta_core"}],
        "created_at": "2025-01-01T00:00:00Z",
    }  # fmt: skip
    again = imported(client, json.dumps(document))
    listed = list(client.agents.messages.list(again, order="asc"))
    assert [m.message_type for m in listed[1:]] == [
        "user_message", "reasoning_message", "tool_call_message", "tool_return_message",
    ]  # fmt: skip
    assert client.agents.retrieve(again).llm_config.context_window == 9000
