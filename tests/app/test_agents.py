"""Agents, blocks and tools through the official client."""

from __future__ import annotations

import uuid

import letta_client
import pytest
from letta_client import Letta

from tests.support.server import Server

MISSING = "agent-00000000-0000-4000-8000-00000000dead"


def test_a_new_agent_has_its_blocks_tools_and_model(client: Letta) -> None:
    agent = client.agents.create(
        name="ferry desk",
        memory_blocks=[{"label": "human", "value": "Ada"}, {"label": "persona", "value": "Terse."}],
        tools=["archival_memory_search"],
        tags=["b", "a", "b"],
        metadata={"team": "harbour"},
        description="Knows the timetable",
        timezone="Europe/Berlin",
    )
    assert agent.name == "ferry desk"
    assert [(b.label, b.value) for b in agent.blocks] == [("human", "Ada"), ("persona", "Terse.")]
    assert [b.label for b in agent.memory.blocks] == ["human", "persona"]
    assert {t.name for t in agent.tools} == {
        "archival_memory_search", "conversation_search", "memory_insert", "memory_replace",
    }  # fmt: skip
    assert agent.tags == ["a", "b"]
    assert agent.model == "test/scripted"
    assert agent.llm_config.context_window == 32768
    assert agent.embedding == "test/words"
    assert len(agent.message_ids) == 1
    assert client.agents.retrieve(agent.id) == agent


def test_agents_are_changed_and_deleted(client: Letta) -> None:
    agent = client.agents.create(tags=["old"], description="before")
    block = client.blocks.create(label="notes", value="n")
    changed = client.agents.update(
        agent.id, name="renamed", tags=["new"], description="after", system="Be brief.", block_ids=[block.id]
    )
    assert (changed.name, changed.tags, changed.description) == ("renamed", ["new"], "after")
    assert changed.system == "Be brief."
    assert [b.id for b in changed.blocks] == [block.id]
    assert client.agents.update(agent.id, block_ids=[]).blocks == []
    client.agents.delete(agent.id)
    with pytest.raises(letta_client.NotFoundError, match="There is no agent"):
        client.agents.retrieve(agent.id)
    assert client.blocks.retrieve(block.id).value == "n"


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_paging_visits_every_agent_once_and_ends(client: Letta, order: str) -> None:
    tag = uuid.uuid4().hex
    made = [client.agents.create(name=f"agent {n}", tags=[tag]).id for n in range(7)]
    expected = made if order == "asc" else made[::-1]
    seen = [agent.id for agent in client.agents.list(tags=[tag], limit=3, order=order)]
    assert seen == expected
    page = client.agents.list(tags=[tag], limit=3, order=order, before=expected[5])
    assert [agent.id for agent in page.items] == expected[2:5]
    backwards = [
        agent.id for agent in client.agents.list(tags=[tag], limit=3, order=order, before=expected[-1])
    ]
    assert sorted(backwards) == sorted(expected[:-1])


def test_listing_filters_and_loads_only_what_was_asked_for(client: Letta) -> None:
    tag = uuid.uuid4().hex
    both = client.agents.create(
        name="both", tags=[tag, f"{tag}-x"], memory_blocks=[{"label": "l", "value": "v"}]
    )
    one = client.agents.create(name="one", tags=[tag])
    assert [a.id for a in client.agents.list(tags=[tag, f"{tag}-x"], match_all_tags=True)] == [both.id]
    assert [a.id for a in client.agents.list(tags=[tag], query_text="ON")] == [one.id]
    (lean,) = client.agents.list(tags=[tag], name="both", include=["agent.tags"]).items
    assert (lean.blocks, lean.tools, lean.tags) == ([], [], sorted([tag, f"{tag}-x"]))


def test_a_cursor_that_does_not_exist_is_not_an_endless_list(client: Letta) -> None:
    with pytest.raises(letta_client.NotFoundError, match="after"):
        client.agents.list(after=MISSING)


def test_counting(client: Letta, roost_server: Server) -> None:
    _, before, _ = roost_server.request("GET", "/v1/agents/count")
    client.agents.create()
    assert roost_server.request("GET", "/v1/agents/count")[1] == before + 1


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ({"model": "test/other"}, letta_client.NotFoundError, "offered: test/scripted"),
        ({"embedding": "test/other"}, letta_client.NotFoundError, "offered: test/words"),
        ({"tools": ["no_such_tool"]}, letta_client.NotFoundError, "no_such_tool"),
        ({"timezone": "Mars/Base"}, letta_client.UnprocessableEntityError, "not a time zone"),
        ({"context_window_limit": 10**7}, letta_client.BadRequestError, "at most 32768"),
        ({"block_ids": ["block-1"]}, letta_client.UnprocessableEntityError, "block-<uuid4>"),
        (
            {"memory_blocks": [{"label": "a", "value": "x"}, {"label": "a", "value": "y"}]},
            letta_client.BadRequestError, "more than once: 'a'",
        ),
        (
            {"memory_blocks": [{"label": "a", "value": "xyz", "limit": 2}]},
            letta_client.UnprocessableEntityError, "3 characters",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_created_is_refused_with_a_reason(
    client: Letta, body: dict, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        client.agents.create(**body)


@pytest.mark.parametrize(
    "body",
    [
        {"enable_sleeptime": True},
        {"folder_ids": ["source-00000000-0000-4000-8000-00000000dead"]},
        {"identity_ids": ["identity-00000000-0000-4000-8000-00000000dead"]},
        {"from_template": "a:latest"},
        {"include_multi_agent_tools": True},
    ],
)
def test_what_would_silently_do_nothing_is_501(roost_server: Server, body: dict) -> None:
    status, answer, headers = roost_server.request("POST", "/v1/agents/", body)
    assert status == 501
    assert "not" in answer["detail"]
    assert headers["x-should-retry"] == "false"


def test_core_memory_is_read_and_written_by_label(client: Letta) -> None:
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": "Ada", "limit": 20}])
    block = client.agents.blocks.retrieve("human", agent_id=agent.id)
    changed = client.agents.blocks.update("human", agent_id=agent.id, value="Ada Lovelace", description="Who")
    assert (changed.id, changed.value, changed.description) == (block.id, "Ada Lovelace", "Who")
    with pytest.raises(letta_client.UnprocessableEntityError, match="limit"):
        client.agents.blocks.update("human", agent_id=agent.id, value="x" * 21)
    with pytest.raises(letta_client.NotFoundError, match="labelled 'nobody'"):
        client.agents.blocks.retrieve("nobody", agent_id=agent.id)
    assert [b.value for b in client.agents.blocks.list(agent.id)] == ["Ada Lovelace"]


def test_blocks_are_attached_detached_and_shared(client: Letta) -> None:
    shared = client.blocks.create(label="shared", value="both see this")
    one, two = client.agents.create(), client.agents.create()
    for agent in (one, two):
        assert [b.id for b in client.agents.blocks.attach(shared.id, agent_id=agent.id).blocks] == [shared.id]
    client.blocks.update(shared.id, value="changed", label="ours")
    assert client.agents.blocks.retrieve("ours", agent_id=two.id).value == "changed"
    other = client.blocks.create(label="ours", value="clash")
    with pytest.raises(letta_client.ConflictError, match="already has a block with this label"):
        client.agents.blocks.attach(other.id, agent_id=one.id)
    assert client.agents.blocks.detach(shared.id, agent_id=one.id).blocks == []
    assert client.agents.retrieve(two.id).blocks[0].id == shared.id


def test_blocks_by_themselves(client: Letta) -> None:
    label = uuid.uuid4().hex
    made = [client.blocks.create(label=label, value=f"value {n}").id for n in range(5)]
    assert [block.id for block in client.blocks.list(label=label, limit=2)] == made
    assert [b.id for b in client.blocks.list(label=label, value_search="UE 3")] == [made[3]]
    changed = client.blocks.update(made[0], value="nul\x00 is dropped", metadata={"k": "v\x00"})
    assert (changed.value, changed.metadata) == ("nul is dropped", {"k": "v"})
    client.blocks.delete(made[0])
    with pytest.raises(letta_client.NotFoundError):
        client.blocks.retrieve(made[0])


def test_base_tools_are_seeded_once(client: Letta, roost_server: Server) -> None:
    tools = list(client.tools.list(limit=3))
    names = [tool.name for tool in tools]
    assert sorted(set(names)) == sorted(names)
    assert {"memory_insert", "archival_memory_search", "core_memory_append"} <= set(names)
    insert = next(tool for tool in tools if tool.name == "memory_insert")
    assert insert.json_schema["parameters"]["required"] == ["label", "new_string"]
    assert client.tools.retrieve(insert.id) == insert
    assert [t.name for t in client.tools.list(name="memory_insert")] == ["memory_insert"]
    assert roost_server.request("GET", "/v1/tools/count")[1] == len(names)


def test_tools_are_attached_and_detached(client: Letta) -> None:
    agent = client.agents.create(include_base_tools=False)
    assert agent.tools == []
    (tool,) = client.tools.list(name="core_memory_append").items
    assert [t.name for t in client.agents.tools.attach(tool.id, agent_id=agent.id).tools] == [tool.name]
    assert [t.name for t in client.agents.tools.list(agent.id)] == [tool.name]
    assert client.agents.tools.detach(tool.id, agent_id=agent.id).tools == []


def test_models_are_what_the_endpoint_lists(client: Letta) -> None:
    (model,) = client.models.list()
    assert (model.handle, model.max_context_window) == ("test/scripted", 32768)
    (embedding,) = client.models.embeddings.list()
    assert (embedding.handle, embedding.embedding_dim) == ("test/words", 384)


def test_a_change_of_one_setting_leaves_the_others(client: Letta) -> None:
    agent = client.agents.create(context_window_limit=8000, max_tokens=77)
    changed = client.agents.update(agent.id, model_settings={"provider_type": "openai", "temperature": 0.25})
    assert (changed.llm_config.temperature, changed.llm_config.context_window) == (0.25, 8000)
    assert changed.llm_config.max_tokens == 77
    assert client.agents.update(agent.id, context_window_limit=9000).llm_config.temperature == 0.25
    assert client.agents.update(agent.id, embedding="test/words").llm_config.context_window == 9000
    assert client.agents.update(agent.id, model="test/scripted").llm_config.context_window == 32768


def test_listing_takes_what_older_clients_send(client: Letta) -> None:
    tag = uuid.uuid4().hex
    made = [client.agents.create(tags=[tag]).id for _ in range(3)]
    client.agents.create(tags=[tag], hidden=True)
    assert [a.id for a in client.agents.list(tags=[tag])] == made[::-1]
    assert [a.id for a in client.agents.list(tags=[tag], ascending=True)] == made
    client.agents.update(made[0], description="touched")
    assert next(a.id for a in client.agents.list(tags=[tag], sort_by="updated_at")) == made[0]
    assert [a.id for a in client.agents.list(tags=[tag], order_by="last_run_completion")] == sorted(
        made, reverse=True
    )
    with pytest.raises(letta_client.UnprocessableEntityError):
        client.agents.list(include=["agent.everything"])


def test_a_prompt_is_compiled_on_request(client: Letta) -> None:
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": "Ada"}], system="Be brief.")
    client.agents.blocks.update("human", agent_id=agent.id, value="Grace")
    assert "Grace" in client.agents.recompile(agent.id, dry_run=True)
    stored = client.agents.messages.list(agent.id).items[0].content
    assert "Ada" in stored
    assert "Grace" in client.agents.recompile(agent.id)
    assert "Grace" in client.agents.messages.list(agent.id).items[0].content
    conversation = client.conversations.create(agent_id=agent.id)
    assert "Grace" in client.conversations.recompile(conversation.id)


def test_a_reset_forgets_the_own_thread_and_keeps_memory_and_conversations(client: Letta) -> None:
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
    client.agents.messages.create(agent.id, input="remember that the ferry leaves at nine")
    conversation = client.conversations.create(agent_id=agent.id)
    list(client.conversations.messages.create(conversation.id, input="hello"))
    after = client.agents.messages.reset(agent.id)
    assert "ferry" in after.blocks[0].value
    assert len(after.message_ids) == 1
    own = client.agents.messages.list(agent.id, conversation_id="default")
    assert [m.message_type for m in own] == ["system_message"]
    assert len(client.conversations.messages.list(conversation.id).items) == 2
    answer = client.agents.messages.create(agent.id, input="hello again")
    assert answer.stop_reason.stop_reason == "end_turn"
