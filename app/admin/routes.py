"""`/v1/admin`: organisations, users, keys and the audit log. `app/security/roles.py` lets only admins in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from app.admin import queries, service
from app.admin.schemas import CreateKey, CreateOrganization, CreateUser, UpdateOrganization, UpdateUser
from app.db.keyset import Page
from app.http.context import App, Who
from app.http.fields import Text, refuse
from app.http.ids import KeyId, OrganizationId, UserId
from app.http.paging import page
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter

router = APIRouter(prefix="/v1/admin", tags=["admin"])

OrganizationPaging = Annotated[Page, Depends(page("org", limit=50, order="asc"))]
UserPaging = Annotated[Page, Depends(page("user", limit=50, order="asc"))]
KeyPaging = Annotated[Page, Depends(page("key", limit=50, order="asc"))]
RecordPaging = Annotated[Page, Depends(page("audit", limit=100, order="desc"))]


@router.get("/orgs")
async def list_organizations(app: App, who: Who, paging: OrganizationPaging) -> Response:
    """Organisations, oldest first."""
    return json_bytes(await service.list_all(app.db, who, queries.ORGANIZATIONS, paging, {}))


@router.post("/orgs")
async def create_organization(app: App, who: Who, body: CreateOrganization) -> Response:
    """Create an organisation."""
    refuse(body, "privileged_tools")
    return json_bytes(await service.create_organization(app.db, who, body.name))


@router.patch("/orgs")
async def update_organization(
    app: App, who: Who, org_id: OrganizationId, body: UpdateOrganization
) -> Response:
    """Rename an organisation."""
    refuse(body, "privileged_tools")
    return json_bytes(await service.update_organization(app.db, who, org_id, body.name))


@router.delete("/orgs")
async def delete_organization(app: App, who: Who, org_id: OrganizationId) -> Response:
    """Delete an empty organisation."""
    return json_bytes(await service.delete_organization(app.db, who, org_id))


@router.get("/users")
async def list_users(
    app: App, who: Who, paging: UserPaging, organization_id: OrganizationId | None = None
) -> Response:
    """Users, oldest first."""
    filters = {"organization_id": organization_id}
    return json_bytes(await service.list_all(app.db, who, queries.USERS, paging, filters))


@router.post("/users")
async def create_user(app: App, who: Who, body: CreateUser) -> Response:
    """Create a user."""
    return json_bytes(await service.create_user(app.db, who, body))


@router.put("/users")
async def update_user(app: App, who: Who, body: UpdateUser) -> Response:
    """Change a user."""
    return json_bytes(await service.update_user(app.db, who, body))


@router.delete("/users")
async def delete_user(app: App, who: Who, user_id: UserId) -> Response:
    """Delete a user with the user's keys."""
    return json_bytes(await service.delete_user(app.db, who, user_id))


@router.get("/users/keys")
async def list_keys(app: App, who: Who, paging: KeyPaging, user_id: UserId | None = None) -> Response:
    """Keys, oldest first, without what is secret in them."""
    return json_bytes(await service.list_all(app.db, who, queries.KEYS, paging, {"user_id": user_id}))


@router.post("/users/keys")
async def create_key(app: App, who: Who, body: CreateKey) -> Response:
    """Create a key; only this answer has it."""
    return json(await service.create_key(app.db, who, body))


@router.delete("/users/keys")
async def delete_key(app: App, who: Who, key_id: KeyId) -> Response:
    """Revoke a key."""
    return json_bytes(await service.delete_key(app.db, who, key_id))


@router.get("/audit-log")
async def list_audit_records(
    app: App,
    who: Who,
    paging: RecordPaging,
    organization_id: OrganizationId | None = None,
    user_id: UserId | None = None,
    key_id: KeyId | None = None,
    object_id: Text | None = None,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
) -> Response:
    """Who did what to which object, newest first."""
    filters = {
        "organization_id": organization_id,
        "user_id": user_id,
        "key_id": key_id,
        "object_id": object_id,
        "start_date": start_date,
        "end_date": end_date,
    }
    return json_bytes(await service.list_all(app.db, who, queries.RECORDS, paging, filters))
