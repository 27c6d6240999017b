"""Model clients against servers that speak the providers' protocols: what is asked, what is understood."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, TypeVar

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from app.llm import event_stream
from app.llm.client import Client, endpoint
from app.llm.types import Completion, Delta, Endpoint, Listed, ModelError, Request, ToolCall
from tests.support.provider_answers import FRAMES, KINDS, SPOKEN, WHOLE
from tests.support.providers import Provider, says, serving, sse, streams

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks.",
        "parameters": {"type": "object", "properties": {"at": {"type": "string"}}, "required": ["at"]},
    },
}
T = TypeVar("T")
PIXEL = "iVBORw0KGgo="
HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": "You are."},
    {"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
    ]},
    {"role": "assistant", "content": "I look.", "thinking": {"text": "Hm.", "signature": "signed"},
     "tool_calls": [
         {"id": "call:1", "type": "function", "function": {"name": "look", "arguments": '{"at": "it"}'}},
         {"id": "call:2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
     ]},
    {"role": "tool", "tool_call_id": "call:1", "content": "a dot"},
    {"role": "tool", "tool_call_id": "call:2", "content": ""},
]  # fmt: skip


def request(model: str = "m", **options: Any) -> Request:
    """A conversation with all that a request can have."""
    return Request(model, HISTORY, [TOOL], options)


def run(work: Callable[[Client], Awaitable[T]]) -> T:
    """With a client of its own."""

    async def main() -> T:
        client = Client()
        try:
            return await asyncio.wait_for(work(client), 30)
        finally:
            await client.aclose()

    return asyncio.run(main())


async def all_of(stream: AsyncIterator[Delta | Completion]) -> tuple[list[Delta], Completion]:
    """The deltas and the whole."""
    pieces = [piece async for piece in stream]
    whole = pieces.pop()
    assert isinstance(whole, Completion)
    return [piece for piece in pieces if isinstance(piece, Delta)], whole


def at(provider: Provider, kind: Any, **options: Any) -> Endpoint:
    """The provider's endpoint."""
    if kind == "bedrock":
        return Endpoint(provider.url, None, kind=kind, provider=kind, region="eu-central-1", **options)
    return endpoint(provider.url, "key-of-ours", kind=kind, provider=kind, **options)


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not a key")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")


def understood(kind: str, whole: Completion) -> None:
    """Every provider's answer above says the same."""
    assert whole.text == "I look."
    assert whole.reasoning == "Hm."
    assert [(call.id, call.name, json.loads(call.arguments)) for call in whole.tool_calls] == [
        ("a", "look", {}), ("b", "look", {"at": "b"})
    ]  # fmt: skip
    assert whole.finish_reason == "tool_calls"
    assert whole.usage.completion == 5
    assert whole.usage.cached == 3
    if kind == "vllm":
        assert (whole.usage.prompt, whole.usage.total, whole.usage.reasoning) == (7, 12, 2)
    else:
        assert (whole.usage.prompt, whole.usage.total, whole.usage.cache_write) == (8, 13, 1)
        assert whole.signature == "signed"


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_in_one_piece(kind: str) -> None:
    async def work(client: Client) -> Completion:
        async with serving(says(WHOLE[kind])) as provider:
            return await client.complete(at(provider, kind), request())

    understood(kind, run(work))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [0, 7])
def test_a_streamed_answer_with_parallel_calls(kind: str, size: int) -> None:
    """However the network cuts it."""
    body = b"".join(SPOKEN[kind])
    pieces = [body[n : n + size] for n in range(0, len(body), size)] if size else SPOKEN[kind]

    async def work(client: Client) -> tuple[list[Delta], Completion]:
        async with serving(streams(*pieces)) as provider:
            return await all_of(client.stream(at(provider, kind), request()))

    deltas, whole = run(work)
    understood(kind, whole)
    assert "".join(delta.text for delta in deltas) == "I look."
    assert "".join(delta.reasoning for delta in deltas) == "Hm."
    said = {n: "".join(d.tool_arguments for d in deltas if d.tool_index == n) for n in (0, 1)}
    assert json.loads(said[0] or "{}") == {}
    assert json.loads(said[1]) == {"at": "b"}
    assert [d.tool_name for d in deltas if d.tool_name] == ["look", "look"]
    assert {d.tool_id for d in deltas if d.tool_index == 1} == {"b"}


def test_calls_without_an_index_are_told_apart_by_their_ids() -> None:
    def piece(**call: Any) -> dict[str, Any]:
        return {"choices": [{"delta": {"tool_calls": [call]}}]}

    chunks = [
        piece(id="a", function={"name": "look", "arguments": "{"}), piece(function={"arguments": "}"}),
        piece(id="b", function={"name": "look", "arguments": "{}"}),
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
    ]  # fmt: skip

    async def work(client: Client) -> tuple[list[Delta], Completion]:
        async with serving(streams(*sse(*chunks, "[DONE]"))) as provider:
            return await all_of(client.stream(at(provider, "vllm"), request()))

    assert run(work)[1].tool_calls == (ToolCall("a", "look", "{}"), ToolCall("b", "look", "{}"))


def asked(kind: str, **options: Any) -> Provider:
    """The provider after one call."""

    async def work(client: Client) -> Provider:
        async with serving(says(WHOLE[kind])) as provider:
            await client.complete(at(provider, kind), request(**options))
            return provider

    return run(work)


def test_what_an_openai_compatible_server_is_asked() -> None:
    (seen,) = asked("vllm", temperature=0.5, max_tokens=9, thinking={"type": "adaptive"}).seen
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["authorization"] == "Bearer key-of-ours"
    assert seen.body["messages"][2].get("thinking") is None
    assert (seen.body["temperature"], seen.body["max_tokens"]) == (0.5, 9)
    assert seen.body["tools"] == [TOOL]
    assert "thinking" not in seen.body


def test_what_anthropic_is_asked() -> None:
    (seen,) = asked("anthropic", tool_choice="auto", parallel_tool_calls=False, temperature=1.0,
                    thinking={"type": "enabled", "budget_tokens": 20_000}).seen  # fmt: skip
    assert seen.path == "/v1/messages"
    assert (seen.headers["x-api-key"], seen.headers["anthropic-version"]) == ("key-of-ours", "2023-06-01")
    body = seen.body
    cached = {"cache_control": {"type": "ephemeral"}}
    assert body["system"] == [{"type": "text", "text": "You are."} | cached]
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][0]["content"][1]["source"] == {
        "type": "base64", "media_type": "image/png", "data": PIXEL,
    }  # fmt: skip
    thought, said, first, second = body["messages"][1]["content"]
    assert thought == {"type": "thinking", "thinking": "Hm.", "signature": "signed"}
    assert said == {"type": "text", "text": "I look."}
    assert first == {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": "it"}}
    results = body["messages"][2]["content"]
    assert [result["tool_use_id"] for result in results] == [first["id"], second["id"]]
    assert results[-1]["cache_control"] == {"type": "ephemeral"}
    assert body["tools"][0]["input_schema"] == TOOL["function"]["parameters"]
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert body["thinking"]["budget_tokens"] < body["max_tokens"]
    assert "temperature" not in body


def test_lost_thoughts_and_forced_tools_switch_thinking_off() -> None:
    lost = [{name: value for name, value in m.items() if name != "thinking"} for m in HISTORY]

    async def work(client: Client) -> Provider:
        thinking = {"type": "enabled", "budget_tokens": 2000}
        async with serving(says(WHOLE["anthropic"])) as provider:
            asked = Request("m", lost, [TOOL], {"thinking": thinking})
            await client.complete(at(provider, "anthropic"), asked)
            forced = request(thinking=thinking, tool_choice="required")
            await client.complete(at(provider, "anthropic"), forced)
            return provider

    for seen in run(work).seen:
        assert "thinking" not in seen.body
        kinds = {block["type"] for message in seen.body["messages"] for block in message["content"]}
        assert "thinking" not in kinds


def test_without_tools_earlier_calls_are_told_as_text() -> None:
    async def work(client: Client) -> Provider:
        async with serving(says(WHOLE["anthropic"])) as provider:
            await client.complete(at(provider, "anthropic"), Request("m", HISTORY, []))
            return provider

    (seen,) = run(work).seen
    kinds = {block["type"] for message in seen.body["messages"] for block in message["content"]}
    assert kinds == {"text", "image"}
    assert "a dot" in seen.raw.decode()


def test_what_bedrock_is_asked_is_what_amazons_own_sdk_would_send() -> None:
    async def work(client: Client) -> Provider:
        model = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
        async with serving(says(WHOLE["bedrock"])) as provider:
            asked = request(model, max_tokens=9, temperature=0.5, tool_choice="required")
            await client.complete(at(provider, "bedrock"), asked)
            return provider

    provider = run(work)
    (seen,) = provider.seen
    assert seen.path == "/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    body = json.loads(seen.raw)
    image = body["messages"][0]["content"][1]["image"]
    assert image["source"]["bytes"] == PIXEL
    image["source"]["bytes"] = b"bytes"
    shape: Any = model.operation_model("Converse").input_shape
    report = ParamValidator().validate({"modelId": "m", **body}, shape)
    assert not report.has_errors(), report.generate_report()
    assert set(body) <= set(shape.members)
    assert body["system"] == [{"text": "You are."}, {"cachePoint": {"type": "default"}}]
    assert body["toolConfig"]["toolChoice"] == {"any": {}}
    assert signature(seen, provider) == seen.headers["authorization"]


def signature(seen: Any, provider: Provider) -> str:
    """What botocore signs the same request with, at the same time."""
    signed = ("content-type", "host", "x-amz-date", "x-amz-security-token")
    again = AWSRequest(
        seen.method, provider.url + seen.path, data=seen.raw,
        headers={name: seen.headers[name] for name in signed if name != "x-amz-security-token"},
    )  # fmt: skip
    again.context["timestamp"] = seen.headers["x-amz-date"]
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "not a key", "session"), "bedrock", "eu-central-1")
    again.headers["X-Amz-Security-Token"] = "session"
    moment = datetime.strptime(seen.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 300
    canonical = auth.canonical_request(again)
    string = auth.string_to_sign(again, canonical)
    scope = (
        f"Credential={auth.scope(again)}, SignedHeaders={auth.signed_headers(auth.headers_to_sign(again))}"
    )
    return f"AWS4-HMAC-SHA256 {scope}, Signature={auth.signature(string, again)}"


@pytest.mark.parametrize("kind", ["anthropic", "bedrock"])
def test_what_a_provider_cannot_do_is_a_clear_error(kind: str) -> None:
    async def work(client: Client) -> int:
        async with serving(says(WHOLE[kind])) as provider:
            asked = request(response_format={"type": "json_object"})
            with pytest.raises(ModelError) as refused:
                await client.complete(at(provider, kind), asked)
            assert refused.value.kind == "llm_bad_request"
            return len(provider.seen)

    assert run(work) == 0


def test_models_and_their_windows() -> None:
    vllm = {
        "object": "list",
        "data": [{"id": "qwen", "object": "model", "max_model_len": 4096}, {"no": "id"}],
    }
    claude = {"data": [{"id": "claude", "type": "model", "display_name": "C", "max_input_tokens": 200_000,
                        "max_tokens": 64_000}], "has_more": False}  # fmt: skip

    async def work(client: Client) -> list[list[Listed]]:
        async with serving(says(vllm)) as one, serving(says(claude)) as two:
            nowhere = at(two, "bedrock", offered=("amazon.nova-lite-v1:0",))
            found = [
                await client.models(where, seconds=5)
                for where in (at(one, "vllm"), at(two, "anthropic"), nowhere)
            ]
            assert len(two.seen) == 1
            return found

    assert run(work) == [
        [Listed("qwen", 4096)], [Listed("claude", 200_000, 64_000)], [Listed("amazon.nova-lite-v1:0")],
    ]  # fmt: skip


def test_tokens_are_counted_by_who_can_and_estimated_else() -> None:
    async def work(client: Client) -> tuple[list[int], list[str]]:
        async with serving(says({"count": 321, "max_model_len": 4096, "tokens": []})) as one:
            async with serving(says({"input_tokens": 123}), says({}, 500)) as two:
                where = (at(one, "vllm"), at(two, "anthropic"), at(two, "anthropic"), at(two, "bedrock"))
                counts = [await client.count(one, request()) for one in where]
                return counts, [seen.path for seen in (*one.seen, *two.seen)]

    counts, paths = run(work)
    assert counts[:2] == [321, 123]
    assert counts[2] == counts[3] > 100
    assert paths == ["/tokenize", "/v1/messages/count_tokens", "/v1/messages/count_tokens"]


def test_the_estimate_learns_from_what_is_reported() -> None:
    words = [{"role": "user", "content": "word " * 1000}]
    answer = {"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 2500}}

    async def work(client: Client) -> tuple[int, int]:
        before = client.tokens.count(words, [], "m")
        async with serving(says(answer)) as provider:
            await client.complete(at(provider, "openai"), Request("m", words, []))
        return before, client.tokens.count(words, [], "m")

    before, after = run(work)
    assert before != 2500
    assert after == 2500


@given(st.lists(st.integers(0, 400), max_size=8), st.integers(0, 400), st.integers(1, 255))
def test_frames_survive_any_cut_and_damage_is_noticed(cuts: list[int], at: int, flip: int) -> None:
    body = b"".join(FRAMES[:3])
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    pieces = [body[start:end] for start, end in pairwise(places)]

    async def read(chunks: list[bytes]) -> list[event_stream.Frame]:
        async def iterate() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        return [one async for one in event_stream.frames(iterate())]

    theirs = EventStreamBuffer()
    theirs.add_data(body)
    ours = asyncio.run(read(pieces))
    assert [(f.headers, f.payload) for f in ours] == [(m.headers, m.payload) for m in theirs]
    damaged = bytearray(body)
    damaged[at % len(body)] ^= flip
    with pytest.raises(ValueError, match="event stream"):
        asyncio.run(read([bytes(damaged)]))
