"""Search of what was said: by words, by meaning, by both; of one agent or of all; fusion of rankings."""

from __future__ import annotations

import letta_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from letta_client import Letta

from app.messages.search import fused
from tests.support import server
from tests.support.model import Say

SAID = ["the ferry leaves at nine", "tea is served at four", "the museum closes on mondays"]


@pytest.fixture(scope="module")
def told(roost_server: server.Server, shared_model: object) -> tuple[Letta, str, str]:
    """A client, an agent that was told things, and another that was told of a ferry."""
    shared_model.script = lambda _: Say("Noted.")
    client = roost_server.client()
    agents = [client.agents.create().id for _ in range(2)]
    for text in SAID:
        client.agents.messages.create(agents[0], input=text)
    client.agents.messages.create(agents[1], input="another ferry")
    return client, *agents


def contents(found: object) -> list[str]:
    """What the results say."""
    return [result.content for result in found]


def test_words_find_in_any_form_and_order(told: tuple[Letta, str, str]) -> None:
    client, agent, _ = told
    search = client.messages.search
    assert contents(search(query="ferries", agent_id=agent)) == [SAID[0]]
    assert contents(search(query="When does the MUSEUM close?", agent_id=agent)) == [SAID[2]]
    assert contents(search(query="serv", agent_id=agent)) == [SAID[1]]
    assert contents(search(query="nine ferry tea", agent_id=agent))[0] == SAID[0]
    assert contents(search(query="submarine", agent_id=agent)) == []


@pytest.mark.parametrize("query", ["the of and", "' & | ! :* (", "=", "\\", "%", "😀", "a" * 9000])
def test_odd_queries_find_nothing_and_break_nothing(told: tuple[Letta, str, str], query: str) -> None:
    client, agent, _ = told
    assert contents(client.messages.search(query=query, agent_id=agent)) == []


def test_a_query_of_hexadecimal_digits_is_not_taken_for_an_id(told: tuple[Letta, str, str]) -> None:
    client, agent, _ = told
    assert contents(client.messages.search(query=agent[6:9], agent_id=agent)) == []


def test_without_an_agent_all_agents_are_searched(told: tuple[Letta, str, str]) -> None:
    client, agent, other = told
    found = client.messages.search(query="ferry")
    # Other tests' agents may have been told of ferries, too.
    mine = [result for result in found if result.agent_id in {agent, other}]
    assert {result.agent_id for result in mine} == {agent, other}
    assert {result.message_type for result in mine} == {"user_message"}


def test_results_are_messages_of_a_time(told: tuple[Letta, str, str]) -> None:
    client, agent, _ = told
    (result,) = client.messages.search(query="tea", agent_id=agent, limit=1)
    listed = {m.id: m.content for m in client.agents.messages.list(agent) if m.message_type == "user_message"}
    assert listed[result.message_id] == SAID[1]
    after, before = result.created_at.replace(year=2001), result.created_at.replace(year=2000)
    assert contents(client.messages.search(query="tea", agent_id=agent, end_date=after)) == []
    assert contents(client.messages.search(query="tea", agent_id=agent, start_date=before)) == [SAID[1]]


def test_meaning_needs_vectors_and_says_so(told: tuple[Letta, str, str]) -> None:
    client, _, _ = told
    with pytest.raises(letta_client.BadRequestError, match="LETTA_EMBED_ALL_MESSAGES"):
        client.messages.search(query="ferry", search_mode="vector")


@given(st.lists(st.lists(st.integers(0, 9), unique=True), min_size=1, max_size=3))
def test_fusion_keeps_every_row_once_and_agreed_firsts_first(rankings: list[list[int]]) -> None:
    rows = [[{"id": n} for n in ranking] for ranking in rankings]
    merged = [row["id"] for row in fused(rows)]
    assert sorted(merged) == sorted({n for ranking in rankings for n in ranking})
    firsts = {ranking[0] for ranking in rankings if ranking}
    if len(firsts) == 1 and all(rankings):
        assert merged[0] == firsts.pop()
