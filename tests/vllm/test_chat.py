"""What agents get from a chat model that is served as the program renders it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import tiny_model
from tests.support.vllm import Vllm

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "A tool.",
            "parameters": {
                "type": "object",
                "properties": {"label": {"enum": ["human", "persona"]}, "new_string": {"type": "string"}},
                "required": ["label", "new_string"],
            },
        },
    }
    for name in (tiny_model.TOOL, "other")
]


def test_health_asks_for_no_key(chat: Vllm) -> None:
    assert chat.ask("/health", key=None)[0] == 200


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions", "/v1/completions", "/v1/responses"])
@pytest.mark.parametrize("key", [None, "wrong"])
def test_the_api_asks_for_the_key(chat: Vllm, path: str, key: str | None) -> None:
    assert chat.ask(path, None if path == "/v1/models" else {}, key=key)[0] == 401


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_it_does_not_describe_itself(chat: Vllm, path: str) -> None:
    assert chat.ask(path)[0] == 404


def test_the_model_is_listed_with_its_longest_request(chat: Vllm) -> None:
    status, answer = chat.ask("/v1/models")
    assert status == 200
    (model,) = answer["data"]
    assert model["id"] == chat.served_name
    assert model["max_model_len"] == chat.pod.command.max_model_len == 32_768


def test_a_completion(chat: Vllm) -> None:
    answer = chat.chat()
    (choice,) = answer["choices"]
    assert choice["message"]["content"] == tiny_model.SENTENCE
    assert choice["finish_reason"] == "stop"
    usage = answer["usage"]
    assert usage["prompt_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_stream_comes_in_pieces_and_ends_with_the_usage(chat: Vllm) -> None:
    *chunks, last = list(chat.stream())
    pieces = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]
    assert "".join(piece or "" for piece in pieces) == tiny_model.SENTENCE
    assert len(list(filter(None, pieces))) > 3
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert last["choices"] == []
    counted = {name: last["usage"][name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    assert counted.items() <= chat.chat()["usage"].items()


def test_a_streamed_call_of_a_tool_is_parsed(chat: Vllm) -> None:
    chunks = [chunk for chunk in chat.stream(tools=TOOLS, tool_choice="auto") if chunk["choices"]]
    calls = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls") or ()]
    assert {call["index"] for call in calls} == {0}
    assert calls[0]["id"]
    assert [name for call in calls if (name := call["function"].get("name"))] == [tiny_model.TOOL]
    assert len(calls) > 2
    arguments = "".join(call["function"].get("arguments") or "" for call in calls)
    assert json.loads(arguments) == tiny_model.ARGUMENTS
    assert not any(chunk["choices"][0]["delta"].get("content") for chunk in chunks)
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_call_of_a_tool_in_one_piece(chat: Vllm) -> None:
    (choice,) = chat.chat(tools=TOOLS, tool_choice="auto")["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert call["function"]["name"] == tiny_model.TOOL
    assert json.loads(call["function"]["arguments"]) == tiny_model.ARGUMENTS
    assert choice["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "other"}}])
def test_a_strict_tool_that_must_be_called_gets_arguments_of_its_schema(chat: Vllm, choice: Any) -> None:
    """The grammar overrules the model, which has none of this in its weights; only for `strict` tools."""
    strict = [{"type": "function", "function": {**TOOLS[1]["function"], "strict": True}}]
    answer = chat.chat(tools=strict, tool_choice=choice, parallel_tool_calls=False, max_tokens=500)
    call = answer["choices"][0]["message"]["tool_calls"][0]
    assert call["function"]["name"] == "other"
    arguments = json.loads(call["function"]["arguments"])
    assert arguments["label"] in {"human", "persona"}
    assert isinstance(arguments["new_string"], str)


def test_after_a_tools_return_it_talks(chat: Vllm) -> None:
    call = {"name": tiny_model.TOOL, "arguments": json.dumps(tiny_model.ARGUMENTS)}
    history = [
        {"role": "user", "content": "Remember me."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "1", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "1", "content": "Done."},
    ]
    (choice,) = chat.chat(messages=history, tools=TOOLS, tool_choice="auto")["choices"]
    assert choice["message"]["content"] == tiny_model.SENTENCE
    assert not choice["message"].get("tool_calls")


def test_another_models_name_is_refused(chat: Vllm) -> None:
    assert chat.ask("/v1/chat/completions", chat.request("Hi.") | {"model": "other"})[0] == 404


def test_a_request_beyond_the_context_is_refused(chat: Vllm) -> None:
    status, answer = chat.ask("/v1/chat/completions", chat.request("x" * 32_768))
    assert status == 400
    assert "maximum context length is 32768" in answer["error"]["message"]
