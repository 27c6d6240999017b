"""Archives, and passages in them, through the official client."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import letta_client
import pytest
from letta_client import Letta

from tests.support.server import Server

MISSING = "archive-00000000-0000-4000-8000-00000000dead"


def test_an_archive_is_made_listed_changed_and_deleted(client: Letta) -> None:
    name = uuid.uuid4().hex
    made = [
        client.archives.create(name=name, description=f"number {n}", embedding="test/words") for n in range(4)
    ]
    assert made[0].embedding_config.embedding_dim == 384
    assert made[0].vector_db_provider == "native"
    assert [a.id for a in client.archives.list(name=name, limit=3)] == [a.id for a in made[::-1]]
    changed = client.archives.update(made[0].id, name="renamed")
    assert (changed.name, changed.description) == ("renamed", "number 0")
    assert client.archives.retrieve(made[0].id).name == "renamed"
    client.archives.delete(made[0].id)
    with pytest.raises(letta_client.NotFoundError, match="no archive"):
        client.archives.retrieve(made[0].id)


def test_passages_are_put_in_together_and_found_by_meaning(client: Letta) -> None:
    archive = client.archives.create(name="timetable")
    one = client.archives.passages.create(
        archive.id, text="the ferry leaves at nine", tags=["boats"], metadata={"source": "sign"}
    )
    assert (one.archive_id, one.tags, one.metadata) == (archive.id, ["boats"], {"source": "sign"})
    many = client.archives.passages.create_many(
        archive.id,
        passages=[
            {"text": "the bus goes at ten", "tags": ["roads"]},
            {"text": "trains are late", "created_at": "2020-01-02T03:04:05Z"},
        ],
    )
    assert [p.text for p in many] == ["the bus goes at ten", "trains are late"]
    assert many[1].created_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    found = client.passages.search(archive_id=archive.id, query="ferry leaves nine")
    assert found[0].passage.text == "the ferry leaves at nine"
    assert found[0].score > found[1].score
    assert [f.passage.text for f in client.passages.search(archive_id=archive.id, tags=["roads"])] == [
        "the bus goes at ten"
    ]
    old = client.passages.search(archive_id=archive.id, query="late", end_date="2021-01-01T00:00:00")
    assert [f.passage.text for f in old] == ["trains are late"]
    client.archives.passages.delete(one.id, archive_id=archive.id)
    with pytest.raises(letta_client.NotFoundError):
        client.archives.passages.delete(one.id, archive_id=archive.id)
    assert len(client.passages.search(archive_id=archive.id, limit=100)) == 2


def test_a_batch_is_stored_whole_or_not_at_all(client: Letta) -> None:
    archive = client.archives.create(name="a")
    with pytest.raises(letta_client.UnprocessableEntityError, match="empty"):
        client.archives.passages.create_many(archive.id, passages=[{"text": "fine"}, {"text": "  "}])
    assert client.passages.search(archive_id=archive.id) == []
    with pytest.raises(letta_client.NotFoundError):
        client.archives.passages.create_many(MISSING, passages=[{"text": "fine"}])


def test_agents_share_an_archive(client: Letta, roost_server: Server) -> None:
    archive = client.archives.create(name="shared")
    agents = [client.agents.create() for _ in range(2)]
    for agent in agents:
        assert client.agents.archives.attach(archive.id, agent_id=agent.id) is None
        client.agents.archives.attach(archive.id, agent_id=agent.id)
    client.agents.passages.create(agents[0].id, text="the ferry leaves at nine")
    found = client.agents.passages.search(agents[1].id, query="ferry")
    assert [r.content for r in found.results] == ["the ferry leaves at nine"]
    assert [a.id for a in client.archives.list(agent_id=agents[0].id)] == [archive.id]
    _, listed, _ = roost_server.request("GET", f"/v1/archives/{archive.id}/agents?include=agent.tags")
    assert {a["id"] for a in listed} == {a.id for a in agents}
    with pytest.raises(letta_client.ConflictError, match="has an archive already"):
        client.agents.archives.attach(client.archives.create(name="b").id, agent_id=agents[0].id)
    assert client.agents.archives.detach(archive.id, agent_id=agents[0].id) is None
    assert list(client.archives.list(agent_id=agents[0].id)) == []
    with pytest.raises(letta_client.NotFoundError):
        client.agents.archives.detach(archive.id, agent_id=agents[0].id)
    client.agents.delete(agents[1].id)
    assert client.archives.retrieve(archive.id).name == "shared"
