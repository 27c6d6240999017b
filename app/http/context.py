"""What a handler may ask for: the application's parts, and on whose behalf it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from app.security.auth import Actor

if TYPE_CHECKING:
    from app.services import Services


async def _services(request: Request) -> Any:
    return request.state.services


async def _actor(request: Request) -> Any:
    return request.state.actor


if TYPE_CHECKING:
    App = Annotated[Services, Depends(_services)]
else:
    # Resolved at run time without importing the domain, which imports us.
    App = Annotated[object, Depends(_services)]

Who = Annotated[Actor, Depends(_actor)]
"""The organisation to scope every query by."""
