"""The project's own server with the real vLLM behind it, for both of its models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from letta_client import Letta

from tests.app import conftest as app
from tests.support import model, postgres, server, tiny_model, vllm

BLOCKS = [{"label": "human", "value": "Nothing is known."}, {"label": "persona", "value": "I am helpful."}]


@pytest.fixture(scope="module")
def client(chat: vllm.Vllm, embeddings: vllm.Vllm) -> Iterator[Letta]:
    """The official client on a server of its own, on a database of its own."""
    with postgres.cluster() as cluster:
        cluster.sql("CREATE DATABASE roost")
        master = app.login(cluster, "roost", cluster.user, cluster.password) | app.LOGINS
        for variables, step in ((master, "bootstrap"), (app.migrator(cluster, "roost"), "migrate")):
            done = app.roost(variables, "db", step)
            assert done.returncode == 0, done.stderr
        variables = server.environment(
            app.application(cluster, "roost"),
            model.Model(url=chat.url),
            VLLM_API_KEY=vllm.KEY,
            LETTA_DEFAULT_LLM_HANDLE=f"vllm/{chat.served_name}",
            EMBEDDING_API_BASE=embeddings.url,
            EMBEDDING_API_KEY=vllm.KEY,
            LETTA_DEFAULT_EMBEDDING_HANDLE=f"vllm/{embeddings.served_name}",
        )
        with server.running(variables) as running, running.client() as client:
            yield client


def test_the_model_is_offered_with_what_vllm_serves(client: Letta, chat: vllm.Vllm) -> None:
    (offered,) = client.models.list()
    assert offered.handle == f"vllm/{chat.served_name}"
    assert offered.max_context_window == chat.pod.command.max_model_len


def test_a_turn_calls_a_tool_and_answers(client: Letta) -> None:
    agent = client.agents.create(memory_blocks=BLOCKS)
    turn = client.agents.messages.create(
        agent_id=agent.id, messages=[{"role": "user", "content": "I am Robin."}]
    )
    called, returned, said = turn.messages
    assert called.tool_call.name == tiny_model.TOOL
    assert returned.status == "success"
    assert said.content == tiny_model.SENTENCE
    assert turn.stop_reason.stop_reason == "end_turn"
    assert turn.usage.step_count == 2
    assert turn.usage.prompt_tokens > turn.usage.completion_tokens > 0
    block = client.agents.blocks.retrieve("human", agent_id=agent.id)
    assert tiny_model.ARGUMENTS["new_string"] in block.value


def test_a_turn_streams_its_tokens(client: Letta) -> None:
    agent = client.agents.create(memory_blocks=BLOCKS)
    stream = client.agents.messages.stream(
        agent_id=agent.id, messages=[{"role": "user", "content": "I am Robin."}], stream_tokens=True
    )
    events = list(stream)
    said = [event.content for event in events if event.message_type == "assistant_message"]
    assert "".join(said) == tiny_model.SENTENCE
    kinds = [event.message_type for event in events]
    assert {"tool_call_message", "tool_return_message", "stop_reason", "usage_statistics"} <= set(kinds)


def test_archival_memory_finds_by_meaning(client: Letta) -> None:
    agent = client.agents.create(memory_blocks=BLOCKS)
    for text in ("The ferry leaves at nine.", "Granite is an igneous rock."):
        client.agents.passages.create(agent.id, text=text)
    found = client.agents.passages.search(agent.id, query="When does the boat depart?", top_k=1)
    assert [result.content for result in found.results] == ["The ferry leaves at nine."]
