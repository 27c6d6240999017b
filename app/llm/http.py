"""Calls over HTTP: one shared session, bounded retries with jitter, deadlines, connections closed when done.

Retries only happen before the first byte of an answer was used.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson
from yarl import URL

from app.llm import failures
from app.llm.failures import RefusedError
from app.llm.types import Endpoint
from app.llm.wire import Call
from app.telemetry import tracing

log = logging.getLogger("roost.llm")

ATTEMPTS = 3
MAX_WAIT = 10.0
"""Seconds between attempts at most; an endpoint that wants more of them gets no second attempt."""
CONNECT_SECONDS = 5.0


class Http:
    """The process's connections to model endpoints. `aclose` when done."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def answer(
        self, endpoint: Endpoint, make: Callable[[], Awaitable[Call]]
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """The first good response within ATTEMPTS. Leaving closes it, and with it an unfinished answer."""
        response = await self._attempts(endpoint, make)
        try:
            yield response
        finally:
            response.close()

    async def once(self, endpoint: Endpoint, call: Call, *, seconds: float) -> dict[str, Any]:
        """A small call, without retries. Raises ModelError."""
        try:
            async with asyncio.timeout(seconds):
                response = await self._send(endpoint, call)
                try:
                    return await read_json(response)
                finally:
                    response.close()
        except RefusedError as error:
            raise error.fault from None
        except TimeoutError:
            raise failures.timed_out(seconds) from None
        except aiohttp.ClientError as error:
            raise failures.unreachable(endpoint.base_url, error) from None

    async def _attempts(
        self, endpoint: Endpoint, make: Callable[[], Awaitable[Call]]
    ) -> aiohttp.ClientResponse:
        for attempt in range(1, ATTEMPTS + 1):
            wait: float | None = None
            try:
                return await self._send(endpoint, await make())
            except RefusedError as error:
                fault, wait = error.fault, error.wait
                if not error.retried or (wait or 0) > MAX_WAIT:
                    raise fault from None
            except aiohttp.ConnectionTimeoutError as error:
                fault = failures.unreachable(endpoint.base_url, error)
            except TimeoutError:
                raise failures.timed_out(endpoint.idle_timeout) from None
            except aiohttp.ClientError as error:
                fault = failures.unreachable(endpoint.base_url, error)
            if attempt == ATTEMPTS:
                raise fault
            log.warning("model endpoint failed, attempt %d of %d: %s", attempt, ATTEMPTS, fault.kind)
            jitter = random.uniform(0.2, 0.5)  # noqa: S311
            await asyncio.sleep(wait + jitter if wait is not None else jitter * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _send(self, endpoint: Endpoint, call: Call) -> aiohttp.ClientResponse:
        """One attempt: a response of status 200. Raises RefusedError, ClientError, TimeoutError."""
        limit = aiohttp.ClientTimeout(
            total=endpoint.timeout, sock_connect=CONNECT_SECONDS, sock_read=endpoint.idle_timeout
        )
        method = "GET" if call.body is None else "POST"
        response = await self._get_session().request(
            method,
            URL(call.url, encoded=True),
            data=call.body,
            headers=call.headers | tracing.headers(),
            timeout=limit,
            allow_redirects=False,
        )
        if response.status == 200:
            return response
        try:
            text = (await response.content.read(4000)).decode(errors="replace")
        finally:
            response.close()
        log.warning("model endpoint answered %d: %s", response.status, text[:300])
        raise failures.refused(response.status, text, wait=_retry_after(response))

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=True)
        return self._session


async def read_json(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The whole body as a JSON object. Raises ModelError."""
    try:
        answer = orjson.loads(await response.read())
    except orjson.JSONDecodeError:
        raise failures.unusable("it is not JSON") from None
    except TimeoutError:
        raise failures.stalled() from None
    except aiohttp.ClientError as error:
        raise failures.broken(error) from None
    if not isinstance(answer, dict):
        raise failures.unusable("it is not a JSON object")
    return answer


async def read_chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body as it comes. Raises ModelError."""
    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except TimeoutError:
        raise failures.stalled() from None
    except aiohttp.ClientError as error:
        raise failures.broken(error) from None


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Seconds, from either form of the header."""
    said = response.headers.get("retry-after", "")
    try:
        return max(float(said), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
