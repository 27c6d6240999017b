"""The conversation that the whole project is about, through the official client."""

from __future__ import annotations

from letta_client import Letta

BLOCKS = [{"label": "human", "value": "Name: unknown."}, {"label": "persona", "value": "I am helpful."}]


def text_of(response: object) -> str:
    """What the agent said."""
    return " ".join(m.content for m in response.messages if m.message_type == "assistant_message")


def say(client: Letta, agent_id: str, text: str) -> object:
    """Send one user message."""
    return client.agents.messages.create(agent_id=agent_id, messages=[{"role": "user", "content": text}])


def test_an_agent_remembers_what_it_was_told(client: Letta) -> None:
    agent = client.agents.create(memory_blocks=BLOCKS)
    told = say(client, agent.id, "Please remember that the ferry leaves at nine.")
    assert [m.message_type for m in told.messages] == [
        "tool_call_message", "tool_return_message", "assistant_message",
    ]  # fmt: skip
    assert told.messages[1].status == "success"
    assert told.stop_reason.stop_reason == "end_turn"
    assert told.usage.step_count == 2
    asked = say(client, agent.id, "What do you know about the ferry?")
    assert "the ferry leaves at nine" in text_of(asked)
