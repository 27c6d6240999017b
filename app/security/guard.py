"""What every request passes: who is calling, how often, and whether they may."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from uuid import UUID

import asyncpg
from starlette.types import Scope

from app.errors import BadRequest, Forbidden, Unauthorized, Unavailable, from_postgres
from app.http import ids
from app.security import keys, roles
from app.security.auth import DEFAULT_ORGANIZATION, DEFAULT_USER, Actor
from app.security.directory import Directory
from app.security.limits import RateLimiter


class Guard:
    """Keeps only a digest of the server's password. Who has that is the operator, who is not limited."""

    def __init__(self, password: str, directory: Directory, limiter: RateLimiter) -> None:
        self._password = keys.digest(password.encode())
        self._directory = directory
        self._limiter = limiter

    async def admit(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Put the caller into the request's state as `actor`.

        Raises Unauthorized, TooManyRequests, or Forbidden; then `actor` is there all the same.
        """
        try:
            actor = scope["state"]["actor"] = await self._identify(headers)
            if actor.key_id is not None:
                await self._limiter.take(actor.key_id)
        except asyncpg.PostgresError as error:
            meant = from_postgres(error)
            if meant is None:
                raise
            raise meant from error
        except TimeoutError:
            raise Unavailable("The database took too long for this request; try again.") from None
        roles.check(actor, scope["method"], scope["path"])

    async def _identify(self, headers: Mapping[bytes, bytes]) -> Actor:
        credential = _credential(headers)
        digest = keys.digest(credential)
        named = headers.get(b"user_id")
        if hmac.compare_digest(digest, self._password):
            return await self._operator(named)
        actor = await self._directory.owner(digest) if keys.is_key(credential) else None
        if actor is None:
            raise Unauthorized("Unauthorized")
        if named is not None and _user_id(named) != actor.user_id:
            raise Forbidden("The header `user_id` names somebody else than the key's owner; leave it out.")
        return actor

    async def _operator(self, named: bytes | None) -> Actor:
        """The operator, on behalf of the user whom upstream's header names, if it is there."""
        if named is None:
            return Actor(DEFAULT_ORGANIZATION, DEFAULT_USER, "admin", None)
        user_id = _user_id(named)
        organization = await self._directory.organization_of(user_id)
        if organization is None:
            raise BadRequest(f"The header `user_id` names user-{user_id}, who does not exist.")
        return Actor(organization, user_id, "admin", None)


def _credential(headers: Mapping[bytes, bytes]) -> bytes:
    """What `Authorization: Bearer …` or `X-BARE-PASSWORD: password …` presents. Raises Unauthorized."""
    for header, expected in ((b"authorization", b"bearer"), (b"x-bare-password", b"password")):
        scheme, _, credential = headers.get(header, b"").partition(b" ")
        if scheme.lower() == expected:
            return credential.strip()
    raise Unauthorized("Unauthorized")


def _user_id(text: bytes) -> UUID:
    try:
        return ids.parse("user", text.decode(errors="replace"))
    except ValueError as error:
        raise BadRequest(f"The header `user_id` is not usable: {error}.") from None
