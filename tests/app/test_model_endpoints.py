"""Agents on several model endpoints at once: handles, lists, turns and streams, by the official client."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from letta_client import Letta, NotFoundError

from tests.app.conftest import application
from tests.support import postgres, providers, server
from tests.support.model import MODEL, Model, Say
from tests.support.provider_answers import EVENTS, WHOLE

CLAUDE = {"data": [{"id": "claude-test-1", "type": "model", "max_input_tokens": 100_000, "max_tokens": 9000}]}
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "signed"}
SAID = [
    EVENTS[0],
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Done."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]


async def _claude(request: Any) -> Any:
    """Remembers first, and says that it has when it sees the result."""
    if request.method == "GET":
        return await providers.says(CLAUDE)(request)
    body = await request.json()
    last = body["messages"][-1]["content"][-1]
    if last["type"] == "tool_result":
        whole = WHOLE["anthropic"] | {
            "content": [{"type": "text", "text": "Done."}],
            "stop_reason": "end_turn",
        }
        events = SAID
    else:
        arguments = {"label": "human", "new_string": "likes tea"}
        use = {"type": "tool_use", "id": "toolu_1", "name": "memory_insert", "input": arguments}
        whole = WHOLE["anthropic"] | {"content": [THOUGHT, use]}
        events = [
            *EVENTS[:5],
            {"type": "content_block_start", "index": 1, "content_block": use | {"input": {}}},
            {"type": "content_block_delta", "index": 1, "delta": {
                "type": "input_json_delta", "partial_json": '{"label": "human", "new_string": "likes tea"}'}},
            {"type": "content_block_stop", "index": 1},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
            SAID[-1],
        ]  # fmt: skip
    if body.get("stream"):
        return await providers.streams(*providers.sse(*events, named=True))(request)
    return await providers.says(whole)(request)


@pytest.fixture(scope="module")
def claude() -> Iterator[providers.Provider]:
    """Anthropic's API, in a thread of its own."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[providers.Provider] = []

    async def main() -> None:
        async with providers.serving(_claude) as provider:
            found.append(provider)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield found[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


@pytest.fixture(scope="module")
def both(
    cluster: postgres.Cluster, template: str, shared_model: Model, claude: providers.Provider
) -> Iterator[Letta]:
    """A server with a vLLM, an Anthropic and a Bedrock endpoint, and no default model."""
    cluster.sql(f"CREATE DATABASE endpoints TEMPLATE {template}")
    variables = server.environment(
        application(cluster, "endpoints"), shared_model,
        VLLM_HANDLE_BASE="home", ANTHROPIC_BASE_URL=claude.url, ANTHROPIC_API_KEY="key-that-must-not-leak",
        BEDROCK_MODELS="amazon.nova-lite-v1:0", AWS_DEFAULT_REGION="eu-central-1",
        GROQ_API_KEY="unused", LETTA_DISABLE_SQLALCHEMY_POOLING="true",
    )  # fmt: skip
    del variables["LETTA_DEFAULT_LLM_HANDLE"]
    with server.running(variables) as running:
        with running.client() as client:
            yield client
        logs = running.logs()
    assert "key-that-must-not-leak" not in logs
    assert "GROQ_API_KEY has no effect: there is no client" in logs
    assert "LETTA_DISABLE_SQLALCHEMY_POOLING has no effect" in logs


def test_all_models_are_listed_with_their_windows(both: Letta) -> None:
    listed = {model.handle: model for model in both.models.list()}
    assert set(listed) == {f"home/{MODEL}", "anthropic/claude-test-1", "bedrock/amazon.nova-lite-v1:0"}
    assert listed["anthropic/claude-test-1"].max_context_window == 100_000
    assert listed["anthropic/claude-test-1"].provider_type == "anthropic"
    assert listed[f"home/{MODEL}"].max_context_window == 32_768


def test_an_agent_without_a_model_gets_one_that_is_there(both: Letta) -> None:
    assert both.agents.create().model == f"home/{MODEL}"


@pytest.mark.parametrize("handle", ["nobody/x", "anthropic/claude-2", "home/gpt", "anthropic/"])
def test_an_unknown_handle_says_what_there_is(both: Letta, handle: str) -> None:
    with pytest.raises(NotFoundError) as refused:
        both.agents.create(model=handle)
    assert "is not offered here; offered: " in str(refused.value)


@pytest.mark.parametrize("stream", [False, True])
def test_a_turn_with_a_tool_on_anthropic(both: Letta, claude: providers.Provider, *, stream: bool) -> None:
    agent = both.agents.create(
        model="anthropic/claude-test-1", memory_blocks=[{"label": "human", "value": ""}],
        model_settings={"provider_type": "anthropic", "thinking": {"type": "enabled", "budget_tokens": 2048}},
    )  # fmt: skip
    asked = len(claude.seen)
    if stream:
        with both.agents.messages.stream(agent.id, input="I like tea.", stream_tokens=True) as events:
            kinds = [event.message_type for event in events]
        assert kinds.index("tool_call_message") < kinds.index("tool_return_message")
        assert kinds[-2:] == ["stop_reason", "usage_statistics"]
    else:
        turn = both.agents.messages.create(agent.id, input="I like tea.")
        kinds = [message.message_type for message in turn.messages]
        assert kinds == ["reasoning_message", "tool_call_message", "tool_return_message", "assistant_message"]
        assert turn.usage.prompt_tokens == 16
        assert turn.usage.cached_input_tokens == 6
    assert "likes tea" in both.agents.blocks.retrieve("human", agent_id=agent.id).value
    first, second = [seen.body for seen in claude.seen[asked:] if seen.method == "POST"]
    assert first["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert second["thinking"] == first["thinking"]
    assert second["messages"][-2]["content"][0] == THOUGHT, "it wants its thoughts back, signed"
    assert second["messages"][-1]["content"][-1]["tool_use_id"] == "toolu_1"
    assert first["tools"] == second["tools"]
    assert (
        first["system"][0]["text"].split("<memory_blocks>")[0]
        == (second["system"][0]["text"].split("<memory_blocks>")[0])
    )


def test_agents_of_both_providers_answer_side_by_side(both: Letta, model: Model) -> None:
    model.script = lambda _: Say("from home")
    home = both.agents.create(model=f"home/{MODEL}")
    assert both.agents.messages.create(home.id, input="hi").messages[-1].content == "from home"
    away = both.agents.create(
        model="anthropic/claude-test-1", memory_blocks=[{"label": "human", "value": ""}]
    )
    assert both.agents.messages.create(away.id, input="hi").messages[-1].content == "Done."
