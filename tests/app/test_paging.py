"""Paging on every listing: whatever the limit, order and direction, each object comes exactly once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.model import Model, Say
from tests.support.server import Server

COUNT = 7


@dataclass(frozen=True)
class Listing:
    """A route whose whole content is known."""

    path: str
    ids: list[str]
    """Oldest first; messages share ids, so these may repeat."""
    ascending: Callable[[bool], str] = lambda value: f"order={'asc' if value else 'desc'}"


@pytest.fixture(scope="module")
def listings(roost_server: Server, shared_model: Model) -> dict[str, Listing]:
    """Seven of everything, made through the API."""
    shared_model.script = lambda _: Say("yes")
    client = roost_server.client()
    mark = uuid.uuid4().hex
    agents = [client.agents.create(name=f"a{n}", tags=[mark, f"{mark}-{n}"]).id for n in range(COUNT)]
    agent, other = agents[0], agents[1]
    blocks = [client.blocks.create(label=f"l{n}", value="v", tags=[mark]).id for n in range(COUNT)]
    for one in agents:
        client.agents.blocks.attach(blocks[0], agent_id=one)
    for block in blocks[1:]:
        client.agents.blocks.attach(block, agent_id=agent)
    archives = [client.archives.create(name=mark).id for _ in range(COUNT)]
    passages = [client.agents.passages.create(agent, text=f"fact {n}")[0].id for n in range(COUNT)]
    conversations = [client.conversations.create(agent_id=other).id for _ in range(COUNT)]
    answers = [client.agents.messages.create(other, input=f"m {n}") for n in range(COUNT)]
    for n in range(3):
        list(client.conversations.messages.create(conversations[0], input=f"c {n}"))
    runs = [answer.messages[0].run_id for answer in answers]
    steps = [answer.messages[0].step_id for answer in answers]

    def of(path: str) -> list[str]:
        whole = roost_server.request("GET", f"{path}{'&' if '?' in path else '?'}limit=1000&order=asc")[1]
        return [one["id"] for one in whole]

    own = f"/v1/agents/{other}/messages?conversation_id=default"
    said = f"/v1/conversations/{conversations[0]}/messages"
    tools = f"/v1/agents/{agent}/tools"
    known = {
        "agents": Listing(f"/v1/agents?tags={mark}", agents),
        "blocks": Listing(f"/v1/blocks?tags={mark}", blocks),
        "blocks of an agent": Listing(f"/v1/agents/{agent}/core-memory/blocks", blocks),
        "agents of a block": Listing(f"/v1/blocks/{blocks[0]}/agents", agents),
        "tools of an agent": Listing(tools, of(tools)),
        "archives": Listing(f"/v1/archives?name={mark}", archives),
        "passages": Listing(
            f"/v1/agents/{agent}/archival-memory", passages, lambda value: f"ascending={str(value).lower()}"
        ),
        "conversations": Listing(f"/v1/conversations?agent_id={other}", conversations),
        "messages of a thread": Listing(own, of(own)),
        "messages of a conversation": Listing(said, of(said)),
        "user messages": Listing(
            f"{own}&include_return_message_types=user_message",
            of(f"{own}&include_return_message_types=user_message"),
        ),
        "messages of a run": Listing(f"/v1/runs/{runs[0]}/messages", of(f"/v1/runs/{runs[0]}/messages")),
        "runs": Listing(f"/v1/runs?agent_id={other}", of(f"/v1/runs?agent_id={other}")),
        "steps": Listing(f"/v1/steps?agent_id={other}", of(f"/v1/steps?agent_id={other}")),
        "steps of a run": Listing(f"/v1/runs/{runs[0]}/steps", steps[:1]),
        "tags": Listing(f"/v1/tags?query_text={mark}-", [f"{mark}-{n}" for n in range(COUNT)]),
    }
    assert len(known["messages of a thread"].ids) == 1 + 2 * COUNT
    assert len(known["messages of a conversation"].ids) == 6
    assert set(runs) < set(known["runs"].ids)
    assert set(steps) < set(known["steps"].ids)
    return known


def walk(server: Server, listing: Listing, *, limit: int, ascending: bool, forwards: bool) -> list[str]:
    """All pages, as the client asks for them: until an empty one. In the order that was asked for."""
    separator = "&" if "?" in listing.path else "?"
    base = f"{listing.path}{separator}limit={limit}&{listing.ascending(ascending)}"
    expected = listing.ids if ascending else listing.ids[::-1]
    seen: list[str] = []
    cursor = "" if forwards else f"&before={expected[-1]}"
    for _ in range(len(listing.ids) + 2):
        status, page, _ = server.request("GET", base + cursor)
        assert status == 200, page
        ids = [one if isinstance(one, str) else one["id"] for one in page]
        if not ids:
            return seen
        assert len(set(ids)) <= limit
        seen = seen + ids if forwards else ids + seen
        cursor = f"&after={ids[-1]}" if forwards else f"&before={ids[0]}"
    raise AssertionError(f"{listing.path} does not end")


NAMES = (
    "agents", "blocks", "blocks of an agent", "agents of a block", "tools of an agent", "archives",
    "passages",
    "conversations", "messages of a thread", "messages of a conversation", "user messages",
    "messages of a run", "runs", "steps", "steps of a run", "tags",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_object_comes_once_whatever_the_page(
    roost_server: Server, listings: dict[str, Listing], name: str
) -> None:
    listing: Any = listings[name]
    size = len(listing.ids)

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(limit=st.integers(1, size + 1), ascending=st.booleans(), forwards=st.booleans())
    def walked(limit: int, ascending: bool, forwards: bool) -> None:
        expected = listing.ids if ascending else listing.ids[::-1]
        if not forwards:
            last = expected[-1]
            expected = [one for one in expected if one != last]
        found = walk(roost_server, listing, limit=limit, ascending=ascending, forwards=forwards)
        assert found == expected

    walked()
