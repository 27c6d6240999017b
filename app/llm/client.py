"""Client of OpenAI-compatible endpoints: chat completions, plain and streamed, embeddings, models.

Retries are bounded and only happen before the first byte of an answer was used.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from app.llm import sse
from app.llm.types import Completion, Delta, Endpoint, ModelError, Request, ToolCall, Usage

log = logging.getLogger("roost.llm")

ATTEMPTS = 3
RETRIED = {408, 429, 500, 502, 503, 504}
MAX_WAIT = 10.0


class Client:
    """Calls endpoints over one shared HTTP session. `aclose` when done."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def complete(self, endpoint: Endpoint, request: Request) -> Completion:
        """One chat completion in one piece. Raises ModelError."""
        async with self._post(endpoint, "chat/completions", request.body(stream=False)) as response:
            answer = await _json(response)
        try:
            choice = answer["choices"][0]
            message = choice["message"]
            calls = tuple(
                ToolCall(call["id"], call["function"]["name"], call["function"].get("arguments") or "{}")
                for call in message.get("tool_calls") or ()
            )
            reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
            finish = choice.get("finish_reason") or "stop"
            return Completion(
                message.get("content") or "", reasoning, calls, finish, _usage(answer.get("usage"))
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise _garbage(f"its answer lacks {error}") from None

    async def stream(self, endpoint: Endpoint, request: Request) -> AsyncIterator[Delta | Completion]:
        """A chat completion as deltas, ended by the whole of it. Raises ModelError, also midway."""
        gathered = _Gathered()
        async with self._post(endpoint, "chat/completions", request.body(stream=True)) as response:
            try:
                async for data in sse.events(response.content.iter_any()):
                    if data == b"[DONE]":
                        break
                    for delta in gathered.take(orjson.loads(data)):
                        yield delta
            except TimeoutError:
                raise ModelError("llm_timeout", "The model stopped sending; try again.", status=504) from None
            except aiohttp.ClientError as error:
                raise ModelError(
                    "llm_error", f"The model's connection broke ({type(error).__name__}).", status=502
                ) from None
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise _garbage(str(error)) from None
        if not gathered.finish:
            raise ModelError("stream_incomplete", "The model's answer broke off; try again.", status=502)
        yield gathered.completion()

    async def embed(self, endpoint: Endpoint, model: str, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text. Raises ModelError."""
        body = {"model": model, "input": list(texts), "encoding_format": "float"}
        async with self._post(endpoint, "embeddings", body) as response:
            answer = await _json(response)
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            vectors = [list(map(float, row["embedding"])) for row in rows]
        except (LookupError, TypeError, ValueError) as error:
            raise _garbage(f"its embeddings lack {error}") from None
        if len(vectors) != len(texts):
            raise _garbage(f"it gave {len(vectors)} embeddings for {len(texts)} texts")
        return vectors

    async def models(self, endpoint: Endpoint, *, seconds: float) -> list[dict[str, Any]]:
        """What `GET /models` lists, as the endpoint describes it. Raises ModelError; never retries."""
        limit = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._get_session().get(
                f"{endpoint.base_url}/models", headers=_headers(endpoint), timeout=limit
            ) as response:
                if response.status != 200:
                    raise await _refused(response)
                answer = await _json(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unreachable(endpoint, error) from None
        found = answer.get("data")
        if not isinstance(found, list):
            raise _garbage("its list of models has no `data`")
        return [entry for entry in found if isinstance(entry, dict) and isinstance(entry.get("id"), str)]

    @asynccontextmanager
    async def _post(
        self, endpoint: Endpoint, path: str, body: dict[str, Any]
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        response = await self._attempt(endpoint, f"{endpoint.base_url}/{path}", orjson.dumps(body))
        try:
            yield response
        finally:
            response.close()

    async def _attempt(self, endpoint: Endpoint, url: str, body: bytes) -> aiohttp.ClientResponse:
        """The first good response within ATTEMPTS; the caller closes it."""
        limit = aiohttp.ClientTimeout(total=endpoint.timeout, sock_connect=5, sock_read=endpoint.idle_timeout)
        for attempt in range(1, ATTEMPTS + 1):
            wait: float | None = None
            try:
                response = await self._get_session().post(
                    url, data=body, headers=_headers(endpoint), timeout=limit
                )
                if response.status == 200:
                    return response
                fault = await _refused(response)
                if response.status not in RETRIED:
                    raise fault
                wait = _retry_after(response)
            except TimeoutError as error:
                raise ModelError(
                    "llm_timeout", f"The model did not answer within {endpoint.idle_timeout:g} s.", status=504
                ) from error
            except aiohttp.ClientError as error:
                fault = _unreachable(endpoint, error)
            if attempt == ATTEMPTS:
                raise fault
            log.warning("model endpoint failed, attempt %d of %d: %s", attempt, ATTEMPTS, fault.kind)
            await asyncio.sleep(wait if wait is not None else random.uniform(0.2, 0.5) * 2**attempt)  # noqa: S311
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, limit_per_host=256, keepalive_timeout=30)
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=True)
        return self._session


class _Gathered:
    """Adds up the chunks of a streamed answer."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, list[str]] = {}  # index -> id, name, argument pieces
        self._usage = Usage()
        self.finish = ""

    def take(self, chunk: dict[str, Any]) -> list[Delta]:
        """Add a chunk; the deltas in it."""
        if chunk.get("error"):
            raise ValueError("its stream reported an error")
        if chunk.get("usage"):
            self._usage = _usage(chunk["usage"])
        deltas: list[Delta] = []
        for choice in chunk.get("choices") or ():
            self.finish = choice.get("finish_reason") or self.finish
            delta = choice.get("delta") or {}
            if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
                self._reasoning.append(reasoning)
                deltas.append(Delta(reasoning=reasoning))
            if text := delta.get("content"):
                self._text.append(text)
                deltas.append(Delta(text=text))
            deltas += [self._call(call) for call in delta.get("tool_calls") or ()]
        return deltas

    def _call(self, call: dict[str, Any]) -> Delta:
        index = int(call.get("index") or 0)
        function = call.get("function") or {}
        kept = self._calls.setdefault(index, ["", ""])
        kept[0] = kept[0] or call.get("id") or ""
        kept[1] = kept[1] or function.get("name") or ""
        piece = function.get("arguments") or ""
        kept.append(piece)
        name = function.get("name") or ""
        return Delta(tool_index=index, tool_id=kept[0], tool_name=name, tool_arguments=piece)

    def completion(self) -> Completion:
        """The whole answer."""
        calls = tuple(
            ToolCall(kept[0] or f"call-{index}", kept[1], "".join(kept[2:]) or "{}")
            for index, kept in sorted(self._calls.items())
        )
        return Completion("".join(self._text), "".join(self._reasoning), calls, self.finish, self._usage)


def endpoint(base_url: str, api_key: str | None, **timeouts: float) -> Endpoint:
    """An endpoint from a configured URL, with or without `/v1` at its end."""
    url = base_url.rstrip("/")
    return Endpoint(url if url.endswith("/v1") else f"{url}/v1", api_key, **timeouts)


def _headers(endpoint: Endpoint) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    if endpoint.api_key:
        headers["authorization"] = f"Bearer {endpoint.api_key}"
    return headers


async def _json(response: aiohttp.ClientResponse) -> dict[str, Any]:
    try:
        answer = orjson.loads(await response.read())
    except orjson.JSONDecodeError:
        raise _garbage("its answer is not JSON") from None
    except TimeoutError:
        raise ModelError("llm_timeout", "The model stopped sending; try again.", status=504) from None
    except aiohttp.ClientError as error:
        raise ModelError(
            "llm_error", f"The model's connection broke ({type(error).__name__}).", status=502
        ) from None
    if not isinstance(answer, dict):
        raise _garbage("its answer is not a JSON object")
    return answer


async def _refused(response: aiohttp.ClientResponse) -> ModelError:
    """The error for a status other than 200. The endpoint's words go to the log, not to clients."""
    text = (await response.content.read(2000)).decode(errors="replace")
    response.close()
    log.warning("model endpoint answered %d: %s", response.status, text[:300])
    kinds = {
        401: ("llm_authentication", "The model endpoint refused our key; correct it in the settings.", 401),
        403: ("llm_permission_denied", "The model endpoint does not allow this call.", 403),
        404: ("llm_not_found", "The model endpoint does not know this model.", 404),
        429: ("llm_rate_limit", "The model endpoint is over its rate limit; try again later.", 429),
    }
    if response.status in kinds:
        kind, message, status = kinds[response.status]
        return ModelError(kind, message, status=502 if status == 401 else status)
    if response.status < 500:
        return ModelError(
            "llm_bad_request", f"The model endpoint refused the request (HTTP {response.status}).", status=400
        )
    return ModelError("llm_error", f"The model endpoint failed (HTTP {response.status}).", status=502)


def _unreachable(endpoint: Endpoint, error: BaseException) -> ModelError:
    return ModelError(
        "llm_error",
        f"The model endpoint at {endpoint.base_url} cannot be reached ({type(error).__name__}).",
        status=502,
    )


def _garbage(what: str) -> ModelError:
    return ModelError("llm_error", f"The model endpoint's answer is not usable: {what}.", status=502)


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    try:
        return min(float(response.headers["retry-after"]), MAX_WAIT)
    except (KeyError, ValueError):
        return None


def _usage(raw: Any) -> Usage:
    if not isinstance(raw, dict):
        return Usage()
    prompt, completion = int(raw.get("prompt_tokens") or 0), int(raw.get("completion_tokens") or 0)
    return Usage(
        prompt,
        completion,
        int(raw.get("total_tokens") or prompt + completion),
        (raw.get("prompt_tokens_details") or {}).get("cached_tokens"),
        (raw.get("completion_tokens_details") or {}).get("reasoning_tokens"),
    )
