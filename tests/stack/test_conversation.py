"""A user's first minutes: talk to an agent through the public edge, with the official client."""

from __future__ import annotations

import ssl

import httpx
import pytest

from tests.support.stack import Stack, recalls, say


def test_agent_remembers_what_it_was_told(stack: Stack, agent_id: str) -> None:
    block = stack.client().agents.blocks.retrieve("human", agent_id=agent_id)
    assert "Skerryvore" in str(block.value)
    assert recalls(stack, agent_id)


def test_streaming_reaches_the_client_piece_by_piece(stack: Stack, agent_id: str) -> None:
    client = stack.client()
    kinds = [
        event.message_type
        for event in client.agents.messages.stream(
            agent_id, messages=[{"role": "user", "content": "count to 5 every 120 ms"}], stream_tokens=True
        )
    ]
    assert kinds.count("assistant_message") >= 3, kinds
    assert kinds[-2:] == ["stop_reason", "usage_statistics"]


def test_archival_memory_finds_by_meaning(stack: Stack, agent_id: str) -> None:
    client = stack.client()
    client.agents.passages.create(agent_id, text="The ferry to the island leaves at seven in the morning.")
    client.agents.passages.create(agent_id, text="Sourdough bread needs a long rise in a cool place.")
    found = client.agents.passages.search(agent_id, query="boat departure time", top_k=1)
    assert "ferry" in found.results[0].content


def test_listing_agents_pages_to_its_end(stack: Stack, agent_id: str) -> None:
    client = stack.client()
    made = [client.agents.create(name=f"page-{n}").id for n in range(5)]
    try:
        listed = [agent.id for agent in client.agents.list(limit=2)]
        assert set(made) <= set(listed)
        assert len(listed) == len(set(listed))
    finally:
        for each in made:
            client.agents.delete(each)


def test_without_a_key_the_door_is_shut(stack: Stack) -> None:
    answer = httpx.get(f"{stack.env['LETTA_BASE_URL']}/v1/agents/", verify=stack.ca_context())
    assert answer.status_code == 401


def test_only_the_stacks_own_ca_verifies_the_edge(stack: Stack) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{stack.env['LETTA_BASE_URL']}/v1/health/", verify=ssl.create_default_context())


def test_plain_http_is_sent_to_https(stack: Stack) -> None:
    url = httpx.URL(stack.env["LETTA_BASE_URL"])
    answer = httpx.get(f"http://{url.host}:8080/v1/health/")
    assert answer.status_code in (301, 308)
    assert answer.headers["location"].startswith(stack.env["LETTA_BASE_URL"])


def test_an_unknown_host_name_gets_404(stack: Stack) -> None:
    answer = httpx.get(
        f"{stack.env['LETTA_BASE_URL']}/v1/health/",
        verify=stack.ca_context(),
        headers={"Host": "somebody-else.example"},
    )
    assert answer.status_code == 404


def test_stand_in_says_that_it_is_one(stack: Stack, agent_id: str) -> None:
    assert "stand-in" in say(stack.client(), agent_id, "Tell me a story about rivers.").lower()
