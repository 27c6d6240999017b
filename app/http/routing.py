"""The router that every module uses: bodies are parsed by orjson, which takes JSON and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import fastapi
import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class _Request(Request):
    """A request whose JSON is Unicode, finite and within what Postgres and our answers can hold."""

    async def json(self) -> Any:
        return orjson.loads(await self.body())


class _Route(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_Request(request.scope, request.receive))

        return handle


class APIRouter(fastapi.APIRouter):
    """FastAPI's router with our kind of route."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=_Route, **options)
