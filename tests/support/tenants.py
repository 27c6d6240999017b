"""Organisations with a user and a key, made through the admin routes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from letta_client import Letta

from tests.support.server import Server

_counter = itertools.count(1)


@dataclass(frozen=True)
class Tenant:
    """Somebody with a key, on a server."""

    server: Server
    organization: str
    user: str
    key_id: str
    key: str

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        """A raw request with the key."""
        return self.server.request(
            method, path, body, {"authorization": f"Bearer {self.key}"} | (headers or {})
        )

    def client(self, **options: Any) -> Letta:
        """The official client with the key."""
        return Letta(base_url=self.server.url, api_key=self.key, **options)


def organization(server: Server) -> str:
    """A new organisation's id."""
    return created(server, "/v1/admin/orgs", {"name": f"organization {next(_counter)}"})["id"]


def tenant(server: Server, role: str = "member", *, of: str | None = None) -> Tenant:
    """A user with a key, of a new organisation or of one that is there."""
    home = of or organization(server)
    user = created(server, "/v1/admin/users", {"name": f"user {next(_counter)}", "organization_id": home})
    key = created(server, "/v1/admin/users/keys", {"user_id": user["id"], "role": role})
    return Tenant(server, home, user["id"], key["id"], key["key"])


def created(server: Server, path: str, body: dict[str, Any]) -> Any:
    """What a POST by the operator created."""
    status, answer, _ = server.request("POST", path, body)
    assert status == 200, answer
    return answer
