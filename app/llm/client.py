"""Asks models: one client for all endpoints, whichever protocol they speak."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from app.llm import failures
from app.llm.breaker import Breaker
from app.llm.failures import RefusedError
from app.llm.http import Http, read_chunks, read_json
from app.llm.openai import OpenAiWire
from app.llm.tokens import Tokens
from app.llm.types import Completion, Delta, Endpoint, Listed, ModelError, Request
from app.llm.wire import Call, Wire
from app.telemetry import metrics

GARBAGE = (LookupError, TypeError, ValueError, AttributeError)
"""What reading an answer of an unexpected shape raises."""

COUNT_SECONDS = 3.0


class ModelClient(Protocol):
    """What the agent loop needs of a model."""

    async def complete(self, endpoint: Endpoint, request: Request) -> Completion:
        """One answer in one piece. Raises ModelError."""
        ...

    def stream(self, endpoint: Endpoint, request: Request) -> AsyncIterator[Delta | Completion]:
        """An answer as deltas, ended by the whole of it. Raises ModelError, also midway."""
        ...

    async def count(self, endpoint: Endpoint, request: Request) -> int:
        """The request's tokens: counted by the endpoint where it can, else estimated. Never fails."""
        ...


class Client:
    """The ModelClient of the process. `aclose` when done."""

    def __init__(self) -> None:
        self._http = Http()
        self._wires: dict[Endpoint, Wire] = {}
        self._breakers: dict[str, Breaker] = {}
        self.tokens = Tokens()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def complete(self, endpoint: Endpoint, request: Request) -> Completion:
        """One answer in one piece. Raises ModelError."""
        wire = self._wire(endpoint)
        with metrics.llm_call(endpoint.provider):
            async with (
                self._breaker(endpoint).call(),
                self._http.answer(endpoint, lambda: wire.chat(request, stream=False)) as response,
            ):
                answer = await read_json(response)
                try:
                    completion = wire.completion(answer)
                except GARBAGE as error:
                    raise failures.unusable(f"it lacks {error}") from None
        self._learn(request, completion)
        return completion

    async def stream(self, endpoint: Endpoint, request: Request) -> AsyncIterator[Delta | Completion]:
        """An answer as deltas, ended by the whole of it. Raises ModelError, also midway."""
        wire = self._wire(endpoint)
        gathered = wire.gatherer()
        with metrics.llm_call(endpoint.provider):
            async with (
                self._breaker(endpoint).call(),
                self._http.answer(endpoint, lambda: wire.chat(request, stream=True)) as response,
            ):
                try:
                    async for event in wire.events(read_chunks(response)):
                        for delta in gathered.take(event):
                            yield delta
                except RefusedError as error:
                    raise error.fault from None
                except GARBAGE as error:
                    raise failures.unusable(str(error)) from None
                completion = gathered.completion()
                if completion is None:
                    raise failures.incomplete()
        self._learn(request, completion)
        yield completion

    async def count(self, endpoint: Endpoint, request: Request) -> int:
        """The request's tokens: counted by the endpoint where it can, else estimated. Never fails."""
        wire = self._wire(endpoint)
        try:
            call = await wire.counting(request)
            if call is not None:
                return wire.counted(await self._http.once(endpoint, call, seconds=COUNT_SECONDS))
        except (ModelError, *GARBAGE):
            pass  # the estimate is there for this
        return self.tokens.count(request.messages, request.tools, request.model)

    async def models(self, endpoint: Endpoint, *, seconds: float) -> list[Listed]:
        """The models that the endpoint offers. Raises ModelError; never retries."""
        wire = self._wire(endpoint)
        call = await wire.listing()
        if call is None:
            return [Listed(name) for name in endpoint.offered]
        answer = await self._http.once(endpoint, call, seconds=seconds)
        try:
            return wire.listed(answer)
        except GARBAGE:
            raise failures.unusable("its list of models is not one") from None

    async def embed(self, endpoint: Endpoint, model: str, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text, of an OpenAI-compatible endpoint. Raises ModelError."""
        wire = OpenAiWire(endpoint)
        body = {"model": model, "input": list(texts), "encoding_format": "float"}

        async def call() -> Call:
            return wire.post("embeddings", body)

        async with self._breaker(endpoint).call(), self._http.answer(endpoint, call) as response:
            answer = await read_json(response)
            try:
                rows = sorted(answer["data"], key=lambda row: row["index"])
                vectors = [list(map(float, row["embedding"])) for row in rows]
            except GARBAGE as error:
                raise failures.unusable(f"its embeddings lack {error}") from None
            if len(vectors) != len(texts):
                raise failures.unusable(f"it gave {len(vectors)} embeddings for {len(texts)} texts")
        return vectors

    def _learn(self, request: Request, completion: Completion) -> None:
        if completion.usage.prompt:
            self.tokens.learn(request.messages, request.tools, request.model, completion.usage.prompt)

    def _breaker(self, endpoint: Endpoint) -> Breaker:
        """One for all that goes to the same place."""
        breaker = self._breakers.get(endpoint.base_url)
        if breaker is None:
            breaker = self._breakers[endpoint.base_url] = Breaker(endpoint)
        return breaker

    def _wire(self, endpoint: Endpoint) -> Wire:
        wire = self._wires.get(endpoint)
        if wire is None:
            wire = self._wires[endpoint] = _wire(endpoint)
        return wire


def _wire(endpoint: Endpoint) -> Wire:
    """Protocols that few installations use are imported when they are."""
    match endpoint.kind:
        case "anthropic":
            from app.llm.anthropic import AnthropicWire

            return AnthropicWire(endpoint)
        case "bedrock":
            from app.llm.bedrock import BedrockWire

            return BedrockWire(endpoint)
        case _:
            return OpenAiWire(endpoint)


def endpoint(base_url: str, api_key: str | None, **options: Any) -> Endpoint:
    """An OpenAI-compatible endpoint from a configured URL, with or without `/v1` at its end."""
    url = base_url.rstrip("/")
    return Endpoint(url if url.endswith("/v1") else f"{url}/v1", api_key, **options)
