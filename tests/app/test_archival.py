"""Archival memory: passages by meaning, tags and time, through the API and through the agent's tools."""

from __future__ import annotations

import json
from typing import Any

import letta_client
import pytest
from letta_client import Letta

from tests.app.conftest import application
from tests.support import postgres, server
from tests.support.model import Call, Model, Say
from tests.support.server import Server

FACTS = [
    ("the ferry leaves at nine", ["travel"], "2024-01-01T00:00:00Z"),
    ("tea is served at four", ["food", "daily"], "2025-01-01T00:00:00Z"),
    ("the museum closes on monday", ["travel", "daily"], "2026-01-01T00:00:00Z"),
]


def remember_all(client: Letta) -> tuple[str, list[str]]:
    """An agent with the facts in its archive; their ids in order."""
    agent = client.agents.create()
    ids = [
        client.agents.passages.create(agent.id, text=text, tags=tags, created_at=moment)[0].id
        for text, tags, moment in FACTS
    ]
    return agent.id, ids


def test_passages_are_found_by_meaning_tags_and_time(client: Letta) -> None:
    agent_id, ids = remember_all(client)
    search = client.agents.passages.search
    nearest = search(agent_id, query="when does the ferry leave")
    assert (nearest.results[0].id, nearest.count) == (ids[0], 3)
    assert nearest.results[0].content == FACTS[0][0]
    assert [r.id for r in search(agent_id, query="tea", top_k=1).results] == [ids[1]]
    assert {r.id for r in search(agent_id, query="x", tags=["travel"]).results} == {ids[0], ids[2]}
    both = search(agent_id, query="x", tags=["travel", "daily"], tag_match_mode="all")
    assert [r.id for r in both.results] == [ids[2]]
    late = search(
        agent_id, query="x", start_datetime="2024-06-01T00:00:00Z", end_datetime="2025-06-01T00:00:00Z"
    )
    assert [r.id for r in late.results] == [ids[1]]


def test_passages_are_listed_and_deleted(client: Letta) -> None:
    agent_id, ids = remember_all(client)
    listed = client.agents.passages.list(agent_id)
    assert [(p.id, p.text, p.tags) for p in listed] == [
        (i, text, sorted(tags)) for i, (text, tags, _) in zip(ids, FACTS, strict=True)
    ]
    assert [p.id for p in client.agents.passages.list(agent_id, ascending=False, limit=2)] == ids[:0:-1]
    assert [p.id for p in client.agents.passages.list(agent_id, after=ids[0], limit=1)] == [ids[1]]
    assert client.agents.passages.list(agent_id, after=ids[2]) == []
    assert [p.id for p in client.agents.passages.list(agent_id, search="TEA")] == [ids[1]]
    client.agents.passages.delete(ids[0], agent_id=agent_id)
    assert [p.id for p in client.agents.passages.list(agent_id)] == ids[1:]
    with pytest.raises(letta_client.NotFoundError, match="has no passage"):
        client.agents.passages.delete(ids[0], agent_id=agent_id)


def test_archives_of_agents_are_apart(client: Letta) -> None:
    agent_id, ids = remember_all(client)
    other = client.agents.create()
    assert client.agents.passages.search(other.id, query="ferry").count == 0
    with pytest.raises(letta_client.NotFoundError):
        client.agents.passages.delete(ids[0], agent_id=other.id)
    with pytest.raises(letta_client.NotFoundError, match="There is no agent"):
        client.agents.passages.search("agent-00000000-0000-4000-8000-00000000dead", query="ferry")
    client.agents.delete(other.id)
    assert len(client.agents.passages.list(agent_id)) == 3


@pytest.mark.parametrize(("text", "words"), [("  ", "empty"), ("x" * 32_769, "one passage holds")])
def test_texts_that_cannot_be_one_passage_are_refused(client: Letta, text: str, words: str) -> None:
    agent = client.agents.create()
    with pytest.raises(letta_client.UnprocessableEntityError, match=words):
        client.agents.passages.create(agent.id, text=text)


def test_the_agent_inserts_and_searches_by_itself(client: Letta, model: Model) -> None:
    steps: list[Any] = [
        Call([("archival_memory_insert", {"content": "the harbour master is Ines", "tags": ["people"]})]),
        Call([("archival_memory_search", {"query": "who is the harbour master", "top_k": "1"})]),
        Say("ok"),
    ]
    model.script = lambda _: steps.pop(0)
    agent = client.agents.create(tools=["archival_memory_insert", "archival_memory_search"])
    answer = client.agents.messages.create(agent.id, input="go")
    found = json.loads(answer.messages[3].tool_return)
    assert [r["content"] for r in found["results"]] == ["the harbour master is Ines"]
    assert client.agents.passages.list(agent.id)[0].tags == ["people"]
    model.script = lambda _: Say("ok")
    client.agents.messages.create(agent.id, input="again")
    prompt = model.requests[-1]["messages"][0]["content"]
    assert "1 memories that you created are stored in archival memory" in prompt
    assert "Available archival memory tags: people" in prompt


def test_another_embedding_model_is_refused_not_mixed(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    variables = server.environment(application(cluster, database), model)
    with server.running(variables) as before:
        agent_id, _ = remember_all(before.client())
    with server.running(variables | {"LETTA_DEFAULT_EMBEDDING_HANDLE": "test/other"}) as after:
        for call in ("create", "search"):
            status, answer, _ = _archival(after, agent_id, call)
            assert status == 409
            assert "re-embed" in answer["detail"]


def _archival(running: Server, agent_id: str, call: str) -> tuple[int, Any, dict[str, str]]:
    path = f"/v1/agents/{agent_id}/archival-memory"
    if call == "create":
        return running.request("POST", path, {"text": "more"})
    return running.request("GET", f"{path}/search?query=ferry&tags=none")
