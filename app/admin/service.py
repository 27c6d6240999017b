"""Organisations, users, keys and the audit log, for administrators.

The operator, who has the server's password, administers everything; an admin's key its own organisation.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.admin import queries
from app.admin.schemas import CreateKey, CreateUser, UpdateUser
from app.db import keyset
from app.db.pool import Database, array
from app.errors import Conflict, Forbidden, NotFound
from app.http import ids
from app.security import keys
from app.security.auth import DEFAULT_ORGANIZATION, DEFAULT_USER, Actor
from app.tools.service import seed_organizations


def scope(actor: Actor) -> UUID | None:
    """The only organisation that the actor administers; None for all."""
    return None if actor.key_id is None else actor.org_id


async def list_all(
    db: Database,
    actor: Actor,
    lists: queries.Lists,
    page: keyset.Page,
    filters: dict[str, Any],
) -> bytes:
    """One of the lists as a JSON array. `filters` are keys of `queries.FILTERS`; None means absent."""
    mine = scope(actor)
    args: list[object] = [mine]
    where: list[str] = []
    for name, value in filters.items():
        if value is not None:
            args.append(value)
            where.append(queries.FILTERS[name].format(f"${len(args)}"))
    return array(await keyset.fetch(db, lists.all if mine is None else lists.mine, page, args, where))


async def create_organization(db: Database, actor: Actor, name: str | None) -> str:
    """An organisation with the base tools; they appear together."""
    _operator(actor, "creates organisations")
    org_id = ids.new()
    async with db.tx() as tx:
        created = await tx.value(queries.CREATE_ORGANIZATION, org_id, name or f"organization-{org_id}")
        await seed_organizations(tx, [org_id])
    return created


async def update_organization(db: Database, actor: Actor, org_id: UUID, name: str | None) -> str:
    """Rename an organisation. Raises NotFound."""
    return _found(await db.value(queries.UPDATE_ORGANIZATION, scope(actor), org_id, name), f"org-{org_id}")


async def delete_organization(db: Database, actor: Actor, org_id: UUID) -> str:
    """Delete an organisation with its users and keys, if it has nothing else. Raises Conflict, NotFound."""
    _operator(actor, "deletes organisations")
    if org_id == DEFAULT_ORGANIZATION:
        raise Conflict("The default organisation is the server password's own and cannot be deleted.")
    try:
        async with db.tx() as tx:
            await tx.rows(queries.DELETE_BASE_TOOLS, org_id)
            await tx.rows(queries.DELETE_USERS, org_id)
            return _found(await tx.value(queries.DELETE_ORGANIZATION, org_id), f"org-{org_id}")
    except asyncpg.ForeignKeyViolationError:
        raise Conflict(
            f"The organisation org-{org_id} still has agents, blocks, tools or archives; delete those first."
        ) from None


async def create_user(db: Database, actor: Actor, body: CreateUser) -> str:
    """A user, by default of the caller's organisation. Raises NotFound for another tenant's."""
    org_id = body.organization_id or actor.org_id
    created = await db.value(queries.CREATE_USER, scope(actor), ids.new(), org_id, body.name)
    return _found(created, f"org-{org_id}")


async def update_user(db: Database, actor: Actor, body: UpdateUser) -> str:
    """Rename a user, or move one with the keys to another organisation. Raises NotFound."""
    if body.id == DEFAULT_USER and body.organization_id not in {None, DEFAULT_ORGANIZATION}:
        raise Conflict("The default user is the server password's own and stays in its organisation.")
    updated = await db.value(queries.UPDATE_USER, scope(actor), body.id, body.name, body.organization_id)
    wanted = f"user-{body.id}"
    return _found(updated, f"{wanted} or org-{body.organization_id}" if body.organization_id else wanted)


async def delete_user(db: Database, actor: Actor, user_id: UUID) -> str:
    """Delete a user and the user's keys; what the user made stays. Raises NotFound."""
    if user_id == DEFAULT_USER:
        raise Conflict("The default user is the server password's own and cannot be deleted.")
    return _found(await db.value(queries.DELETE_USER, scope(actor), user_id), f"user-{user_id}")


async def create_key(db: Database, actor: Actor, body: CreateKey) -> dict[str, Any]:
    """A key for a user. It is in this answer and nowhere else: only its digest is stored."""
    key = keys.new()
    arguments = (ids.new(), body.user_id, body.name, body.role, keys.digest(key.encode()), keys.hint(key))
    created = await db.value(queries.CREATE_KEY, scope(actor), *arguments)
    return orjson.loads(_found(created, f"user-{body.user_id}")) | {"key": key}


async def delete_key(db: Database, actor: Actor, key_id: UUID) -> str:
    """Revoke a key; within seconds no replica takes it any more. Raises NotFound."""
    return _found(await db.value(queries.DELETE_KEY, scope(actor), key_id), f"key-{key_id}")


def _operator(actor: Actor, what: str) -> None:
    if scope(actor) is not None:
        raise Forbidden(f"Only the server's password {what}; an admin's key administers its own.")


def _found(value: Any, wanted: str) -> Any:
    if value is None:
        raise NotFound(f"There is no {wanted}.")
    return value
