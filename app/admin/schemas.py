"""Bodies of the admin routes. Unknown fields are refused, as upstream does here."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from app.http.fields import Body, Text
from app.http.ids import OrganizationId, UserId


class AdminBody(Body):
    """A body that takes nothing but its own fields."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class CreateUser(AdminBody):
    """A user, of the caller's organisation unless another is named."""

    name: Text = Field(min_length=1)
    organization_id: OrganizationId | None = None


class UpdateUser(AdminBody):
    """Changes to a user; what is absent or null stays."""

    id: UserId
    name: Text | None = Field(default=None, min_length=1)
    organization_id: OrganizationId | None = None


class CreateKey(AdminBody):
    """A key for a user."""

    user_id: UserId
    name: Text | None = None
    role: Literal["admin", "member", "read_only"] = "member"


class CreateOrganization(AdminBody):
    """An organisation."""

    name: Text | None = Field(default=None, min_length=1)
    privileged_tools: bool | None = None


class UpdateOrganization(AdminBody):
    """Changes to an organisation; what is absent or null stays."""

    name: Text | None = Field(default=None, min_length=1)
    privileged_tools: bool | None = None
