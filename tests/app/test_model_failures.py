"""Providers that refuse, hang, break off, are down or are still loading, and what callers notice of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY

from app.errors import NotFound, Unavailable
from app.llm import breaker, http
from app.llm.client import Client, endpoint
from app.llm.types import CONTEXT_WINDOW_EXCEEDED, Completion, Delta, Endpoint, ModelError, Request
from app.models import catalogue
from app.models.catalogue import Catalogue
from tests.support.provider_answers import EVENTS, FRAMES, KINDS, SPOKEN, WHOLE
from tests.support.providers import Provider, frame, says, serving, sse, streams

HELLO = Request("m", [{"role": "user", "content": "hello"}], [])


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client that is closed afterwards."""
    client = Client()
    yield client
    await client.aclose()


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries at once, and a role for Bedrock."""
    monkeypatch.setattr(http, "random", SimpleNamespace(uniform=_soon))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not a key")


def _soon(low: float, high: float) -> float:
    return (low + high) / 100


def circuit_open() -> float | None:
    """What the metric says."""
    return REGISTRY.get_sample_value("roost_llm_circuit_open", {"provider": "vllm"})


def at(provider: Provider, kind: Any = "vllm", **options: Any) -> Endpoint:
    """The provider's endpoint."""
    if kind == "bedrock":
        return Endpoint(provider.url, None, kind=kind, provider=kind, region="eu-central-1", **options)
    return endpoint(provider.url, "key-of-ours", kind=kind, provider=kind, **options)


async def fault(client: Client, where: Endpoint, *, stream: bool = False) -> ModelError:
    """The error that a call ends with."""
    with pytest.raises(ModelError) as error:
        await (read(client, where) if stream else client.complete(where, HELLO))
    return error.value


async def read(client: Client, where: Endpoint) -> None:
    """A stream to its end."""
    async for _ in client.stream(where, HELLO):
        pass


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_what_passes_is_tried_again(client: Client, kind: str, status: int) -> None:
    async with serving(says({}, status), says({}, status, retry_after="0"), says(WHOLE[kind])) as provider:
        assert (await client.complete(at(provider, kind), HELLO)).text == "I look."
        assert len(provider.seen) == 3


async def test_three_attempts_are_all(client: Client) -> None:
    async with serving(says({}, 500)) as provider:
        assert (await fault(client, at(provider))).kind == "llm_error"
        assert len(provider.seen) == 3


async def test_an_endpoint_that_wants_long_patience_gets_one_attempt(client: Client) -> None:
    async with serving(says({}, 429, retry_after="3600")) as provider:
        error = await fault(client, at(provider))
        assert (error.kind, error.status, len(provider.seen)) == ("llm_rate_limit", 429, 1)


TOO_LONG = [
    ("vllm", 400, {"object": "error", "message": "This model's maximum context length is 4096 tokens. "
                   "However, you requested 5000 tokens.", "type": "BadRequestError", "code": 400}),
    ("openai", 400, {"error": {"message": "Your input exceeds", "code": "context_length_exceeded"}}),
    ("anthropic", 400, {"type": "error", "error": {"type": "invalid_request_error",
                        "message": "prompt is too long: 208310 tokens > 200000 maximum"}}),
    ("anthropic", 413, {"type": "error", "error": {"type": "request_too_large", "message": "Too big"}}),
    ("bedrock", 400, {"message": "Input is too long for requested model."}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "body"), TOO_LONG)
async def test_a_prompt_that_does_not_fit_is_told_from_other_faults(
    client: Client, kind: str, status: int, body: dict[str, Any]
) -> None:
    async with serving(says(body, status)) as provider:
        error = await fault(client, at(provider, kind))
        assert (error.kind, error.status, len(provider.seen)) == (CONTEXT_WINDOW_EXCEEDED, 400, 1)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {}, "llm_authentication"), (403, {}, "llm_permission_denied"), (404, {}, "llm_not_found"),
        (400, {}, "llm_bad_request"), (402, {}, "llm_insufficient_credits"), (529, {}, "llm_error"),
        (504, {}, "llm_timeout"),
        (429, {"error": {"code": "insufficient_quota"}}, "llm_insufficient_credits"),
    ],
)  # fmt: skip
async def test_statuses_become_kinds_that_letta_has(
    client: Client, status: int, body: dict[str, Any], kind: str
) -> None:
    async with serving(says(body | {"secret": "what they said"}, status)) as provider:
        error = await fault(client, at(provider))
        assert error.kind == kind
        assert error.retry is False
        assert "what they said" not in error.message


@pytest.mark.parametrize(
    ("kind", "pieces", "expected"),
    [
        ("anthropic", sse(EVENTS[0], {"type": "error", "error": {"type": "overloaded_error"}}), 503),
        ("anthropic", sse(EVENTS[0], {"type": "error", "error": {"type": "rate_limit_error"}}), 429),
        ("bedrock", [FRAMES[0], frame("throttlingException", {"message": "slow"}, "exception")], 429),
        ("bedrock", [FRAMES[0], frame("modelStreamErrorException", {"message": "x"}, "exception")], 502),
        ("vllm", sse({"error": {"message": "boom", "code": 500}}), 502),
    ],
)
async def test_faults_within_a_stream(client: Client, kind: str, pieces: list[bytes], expected: int) -> None:
    async with serving(streams(*pieces)) as provider:
        assert (await fault(client, at(provider, kind), stream=True)).status == expected


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_that_ends_too_early_is_not_an_answer(client: Client, kind: str) -> None:
    half = SPOKEN[kind][: len(SPOKEN[kind]) // 2]
    async with serving(streams(*half)) as provider:
        assert (await fault(client, at(provider, kind), stream=True)).kind == "stream_incomplete"
    async with serving(streams(*half, cut=True)) as provider:
        assert (await fault(client, at(provider, kind), stream=True)).status == 502


@pytest.mark.parametrize(
    "garbage", [b"data: {not json\n\n", b"data: [1, 2]\n\n", b'data: {"choices": 3}\n\n']
)
async def test_garbage_is_said_to_be(client: Client, garbage: bytes) -> None:
    async with serving(streams(garbage)) as provider:
        assert "not usable" in (await fault(client, at(provider), stream=True)).message
        assert "not usable" in (await fault(client, at(provider))).message


async def test_an_endpoint_that_hangs_is_given_up(client: Client) -> None:
    async with serving(streams(hang=True)) as provider:
        where = at(provider, idle_timeout=0.2)
        assert (await fault(client, where)).kind == "llm_timeout"
        assert (await fault(client, where, stream=True)).kind == "llm_timeout"


async def test_a_stream_that_trickles_for_ever_is_given_up(client: Client) -> None:
    async def trickle(request: Any) -> Any:
        response = await streams(hang=False)(request)
        for _ in range(1000):
            await response.write(b": still here\n\n")
            await asyncio.sleep(0.02)
        return response

    async with serving(trickle) as provider:
        error = await fault(client, at(provider, timeout=0.3), stream=True)
        assert error.kind == "llm_timeout"


@pytest.mark.parametrize("stream", [False, True])
async def test_cancelling_closes_the_providers_connection(client: Client, *, stream: bool) -> None:
    pieces = SPOKEN["vllm"][:2] if stream else ()
    async with serving(streams(*pieces, hang=True)) as provider:
        where = at(provider)
        task = asyncio.create_task(read(client, where) if stream else client.complete(where, HELLO))
        await provider.arrived.wait()
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task], timeout=5)
        assert task.cancelled()
        await asyncio.wait_for(provider.gone.wait(), 5)


async def test_who_stops_reading_closes_it_too(client: Client) -> None:
    async with serving(streams(*SPOKEN["vllm"][:3], hang=True)) as provider:
        async with aclosing(client.stream(at(provider), HELLO)) as pieces:  # pyright: ignore[reportArgumentType]
            assert isinstance(await anext(pieces), Delta)
        await asyncio.wait_for(provider.gone.wait(), 5)


async def test_no_more_calls_at_once_than_the_settings_say(client: Client) -> None:
    async def slow(request: Any) -> Any:
        await asyncio.sleep(0.02)
        return await says(WHOLE["vllm"])(request)

    async with serving(slow) as provider:
        where = at(provider, concurrency=2)
        answers = await asyncio.gather(*(client.complete(where, HELLO) for _ in range(7)))
        assert (len(answers), provider.busiest) == (7, 2)


async def test_who_waits_too_long_for_a_turn_is_told_so(client: Client) -> None:
    async with serving(streams(*SPOKEN["vllm"][:1], hang=True)) as provider:
        where = at(provider, concurrency=1, idle_timeout=0.3)
        first = asyncio.create_task(fault(client, where, stream=True))
        await provider.arrived.wait()
        second = await fault(client, at(provider, concurrency=1, idle_timeout=0.3))
        assert second.status in {503, 504}
        await first


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_an_endpoint_that_is_down_is_left_alone_and_tried_again_by_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(breaker, "monotonic", clock)
    async with serving(says({}, 500)) as provider:
        where = at(provider)
        for _ in range(breaker.FAILURES):
            assert (await fault(client, where)).status == 502
        asked = len(provider.seen)
        refused = await fault(client, where)
        assert (refused.status, len(provider.seen)) == (503, asked)
        assert "is down; it is tried again in" in refused.message
        assert circuit_open() == 1

        clock.now += breaker.OPEN_SECONDS
        assert (await fault(client, where)).status == 502  # half open: one call tried
        assert (await fault(client, where)).status == 503
        clock.now += breaker.OPEN_SECONDS
        assert (await fault(client, where)).status == 503  # twice as long
        clock.now += breaker.OPEN_SECONDS

        provider.answers = [streams(*SPOKEN["vllm"], hang=True)]
        provider.arrived.clear()
        probe = asyncio.create_task(client.complete(where, HELLO))
        await provider.arrived.wait()
        assert (await fault(client, where)).status == 503  # one probe at a time
        probe.cancel()
        await asyncio.wait([probe])
        provider.answers = [says(WHOLE["vllm"])]
        for _ in range(2):
            assert isinstance(await client.complete(where, HELLO), Completion)
        assert circuit_open() == 0


@pytest.mark.parametrize("status", [400, 401, 404, 429])
async def test_an_endpoint_that_refuses_is_not_down(client: Client, status: int) -> None:
    async with serving(says({}, status)) as provider:
        for _ in range(breaker.FAILURES + 1):
            assert (await fault(client, at(provider))).status != 503


async def test_a_server_that_is_loading_is_found_once_it_is_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(catalogue, "monotonic", clock)
    up = says({"data": [{"id": "qwen", "max_model_len": 4096}]})
    async with serving(says({}, 503), up) as provider:
        offered = Catalogue(client, at(provider))
        with pytest.raises(Unavailable):
            await offered.model("qwen", trusted=False)
        assert (await offered.model("qwen", trusted=True)).context_window is None
        assert len(provider.seen) == 1
        clock.now += catalogue.FAILED_SECONDS
        assert (await offered.model("qwen", trusted=False)).context_window == 4096
        with pytest.raises(NotFound, match="offered: vllm/qwen"):
            await offered.model("other", trusted=False)
        assert len(provider.seen) == 2

        provider.answers = [says({}, 503)]
        clock.now += catalogue.LIST_SECONDS
        assert (await offered.model("qwen", trusted=False)).context_window == 4096, "what was last heard"


async def test_an_endpoint_without_a_list_takes_any_name(client: Client) -> None:
    async with serving(says({}, 404)) as provider:
        assert (await Catalogue(client, at(provider)).model("any", trusted=False)).name == "any"
