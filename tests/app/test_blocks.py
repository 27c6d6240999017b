"""Blocks and tags through the official client."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import letta_client
import pytest
from letta_client import Letta


def test_blocks_are_filtered(client: Letta) -> None:
    tag = uuid.uuid4().hex
    one = client.blocks.create(label="human", value="Ada likes tea", description="who", tags=[tag, "x"])
    two = client.blocks.create(label="persona", value="Terse", tags=[tag])
    hidden = client.blocks.create(label="secret", value="", tags=[tag], hidden=True)

    def ids(**filters: object) -> list[str]:
        return [block.id for block in client.blocks.list(tags=[tag], **filters)]

    assert ids() == [one.id, two.id]
    assert ids(order="desc") == [two.id, one.id]
    assert ids(label="persona") == [two.id]
    assert ids(label_search="PERS") == [two.id]
    assert ids(value_search="tea") == [one.id]
    assert ids(description_search="WHO") == [one.id]
    assert ids(extra_query={"show_hidden_blocks": True}) == [one.id, two.id, hidden.id]
    assert [b.id for b in client.blocks.list(tags=[tag, "x"], match_all_tags=True)] == [one.id]
    agents = [client.agents.create(block_ids=[one.id]) for _ in range(2)]
    assert ids(connected_to_agents_count_eq=[2]) == [one.id]
    assert ids(connected_to_agents_count_eq=[0, 1]) == [two.id]
    assert ids(connected_to_agents_count_gt=0) == [one.id]
    assert ids(connected_to_agents_count_lt=2) == [two.id]
    assert [a.id for a in client.blocks.agents.list(one.id)] == [a.id for a in agents[::-1]]
    assert list(client.blocks.agents.list(two.id)) == []
    with pytest.raises(letta_client.NotFoundError):
        client.blocks.agents.list("block-00000000-0000-4000-8000-00000000dead")


def test_an_update_of_what_someone_else_changed_is_a_conflict_not_a_loss(client: Letta) -> None:
    block = client.blocks.create(label="l", value="first")
    read = client.blocks.with_raw_response.retrieve(block.id)
    tag = read.headers["etag"]
    changed = client.blocks.with_raw_response.update(
        block.id, value="second", extra_headers={"If-Match": tag}
    )
    assert changed.headers["etag"] != tag
    with pytest.raises(letta_client.ConflictError, match="changed by someone else"):
        client.blocks.update(block.id, value="third", extra_headers={"If-Match": tag})
    assert client.blocks.retrieve(block.id).value == "second"
    with pytest.raises(letta_client.UnprocessableEntityError, match="If-Match"):
        client.blocks.update(block.id, value="third", extra_headers={"If-Match": "abc"})


def test_of_many_updates_at_once_from_one_version_exactly_one_wins(client: Letta) -> None:
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
    read = client.agents.blocks.with_raw_response.retrieve("human", agent_id=agent.id)
    headers = {"If-Match": read.headers["etag"]}

    def attempt(n: int) -> bool:
        try:
            client.agents.blocks.update("human", agent_id=agent.id, value=str(n), extra_headers=headers)
        except letta_client.ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_changes_of_different_fields_at_once_are_all_kept(client: Letta) -> None:
    block = client.blocks.create(label="l", value="v")
    changes = [{"value": "new"}, {"description": "d"}, {"tags": ["t"]}, {"read_only": True}, {"limit": 77}]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda change: client.blocks.update(block.id, **change), changes))
    now = client.blocks.retrieve(block.id)
    assert (now.value, now.description, now.tags, now.read_only, now.limit) == ("new", "d", ["t"], True, 77)


def test_tags_are_listed_by_name_and_paged_by_name(client: Letta) -> None:
    mark = uuid.uuid4().hex
    names = sorted(f"{mark}-{letter}" for letter in "abcde")
    client.agents.create(tags=names[:3])
    client.agents.create(tags=names[2:])
    assert client.tags.list(query_text=mark.upper()) == names
    assert client.tags.list(query_text=mark, order="desc", limit=2) == names[::-1][:2]
    assert client.tags.list(query_text=mark, after=names[1], limit=2) == names[2:4]
    assert client.tags.list(query_text=mark, before=names[3], limit=2) == names[1:3]
    assert client.tags.list(query_text=mark, before=names[1], order="desc") == names[:1:-1]
    assert client.tags.list(name=names[0]) == [names[0]]
