"""The wire protocol, over HTTP, against the program that the image runs."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from local.standin.standin import CHAT_MODEL, EMBEDDING_MODEL, FINGERPRINT
from tests.standin.requests import MEMORY, MEMORY_INSERT, chat


def stream(client: httpx.Client, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The chunks of a streamed answer; checks how it is framed."""
    with client.stream("POST", "/v1/chat/completions", json={**body, "stream": True}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        events = response.read().decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    assert {(c["object"], c["model"], c["system_fingerprint"]) for c in chunks} == {
        ("chat.completion.chunk", CHAT_MODEL, FINGERPRINT)
    }
    assert len({c["id"] for c in chunks}) == 1
    return chunks


def test_models_are_listed_and_named_as_scripted(served: httpx.Client) -> None:
    models = served.get("/v1/models").json()["data"]
    assert {m["id"]: m["owned_by"] for m in models} == {
        CHAT_MODEL: "roost-scripted-stand-in",
        EMBEDDING_MODEL: "sentence-transformers",
    }


def test_a_whole_answer(served: httpx.Client) -> None:
    answer = served.post("/v1/chat/completions", json=chat("say secret words")).json()
    assert answer["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "secret words"},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ]
    assert (answer["object"], answer["model"], answer["system_fingerprint"]) == (
        "chat.completion",
        CHAT_MODEL,
        FINGERPRINT,
    )
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


def test_a_streamed_text_arrives_in_pieces_and_adds_up(served: httpx.Client) -> None:
    chunks = stream(served, chat("count to 30", stream_options={"include_usage": True}))
    choices = [c["choices"][0] for c in chunks if c["choices"]]
    assert choices[0]["delta"]["role"] == "assistant"
    assert "".join(c["delta"].get("content") or "" for c in choices) == " ".join(map(str, range(1, 31)))
    assert [c["finish_reason"] for c in choices if c["finish_reason"]] == ["stop"]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 30


def test_usage_comes_only_when_asked_for(served: httpx.Client) -> None:
    assert all("usage" not in chunk for chunk in stream(served, chat("say hi")))


def test_a_streamed_tool_call_adds_up_to_the_whole_one(served: httpx.Client) -> None:
    body = chat("remember that I grow tomatoes on my roof", system=MEMORY, tools=(MEMORY_INSERT,))
    whole = served.post("/v1/chat/completions", json=body).json()["choices"][0]
    deltas = [d for c in stream(served, body) for d in c["choices"][0]["delta"].get("tool_calls", ())]
    assert (deltas[0]["id"], deltas[0]["function"]["name"]) == (
        whole["message"]["tool_calls"][0]["id"],
        "memory_insert",
    )
    assert len(deltas) > 3
    assert all(set(delta) == {"index", "function"} for delta in deltas[1:])
    arguments = "".join(delta["function"]["arguments"] for delta in deltas)
    assert arguments == whole["message"]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments)["new_string"] == "I grow tomatoes on my roof"
    assert whole["message"]["content"] is None


def test_a_slow_stream_is_sent_as_it_is_made(served: httpx.Client) -> None:
    started = time.monotonic()
    body = {**chat("count to 10 every 100 ms"), "stream": True}
    with served.stream("POST", "/v1/chat/completions", json=body) as response:
        lines = response.iter_lines()
        next(line for line in lines if '"content":"1 "' in line)
        first = time.monotonic() - started
        for _ in lines:
            pass
    assert first < 0.5
    assert 0.9 < time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "JSON object"),
        (b'{"model": "gpt-5", "messages": []}', 404, CHAT_MODEL),
        (b'{"model": "scripted-stand-in", "messages": []}', 400, "non-empty list"),
        (b'{"model": "scripted-stand-in", "messages": ["x"]}', 400, "`role`"),
        (
            b'{"model": "scripted-stand-in", "messages": [{"role": "user", "content": "x"}], "tools": [1]}',
            400,
            "`tools`",
        ),
        (
            b'{"model": "scripted-stand-in", "messages": [{"role": "user", "content": "x"}], "n": 2}',
            400,
            "`n`",
        ),
    ],
)
def test_refusals_have_openais_shape(served: httpx.Client, body: bytes, status: int, words: str) -> None:
    answer = served.post("/v1/chat/completions", content=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def test_embeddings_over_http(served: httpx.Client) -> None:
    body = {"model": EMBEDDING_MODEL, "input": "secret words"}
    answer = served.post("/v1/embeddings", json=body).json()
    assert answer["model"] == EMBEDDING_MODEL
    assert len(answer["data"][0]["embedding"]) == 384
