"""The API server as the played parts of the rehearsal use it: paths and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

from local.plugins.kubernetes import kubeconfig
from local.plugins.kubernetes.credentials import Credentials
from local.plugins.kubernetes.errors import ApiError
from local.plugins.kubernetes.objects import Object

_SECONDS = 10.0
_MANAGER = "roost-rehearsal"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


def passing(error: ApiError | urllib3.exceptions.HTTPError) -> bool:
    """Whether the next look may fare better: nobody answered, or somebody changed the object meanwhile."""
    return not isinstance(error, ApiError) or error.code in (404, 409, 429) or error.code >= 500


class Api:
    """Requests of one played part; thread-safe. Everything may raise ApiError and urllib3's HTTPError.

    `acting_as` is a user whose rights count instead of the administrator's: a service account, say.
    """

    def __init__(self, config: Path, *, acting_as: str | None = None) -> None:
        cluster = kubeconfig.load(str(config))
        self._base = cluster.server
        self._headers = {"Impersonate-User": acting_as} if acting_as else {}
        self._pool = urllib3.PoolManager(
            ssl_context=Credentials(cluster).tls(), timeout=_SECONDS, maxsize=4, retries=False
        )

    def get(self, path: str, **query: str) -> Object:
        """One object or list."""
        return self._request("GET", f"{path}?{urlencode(query)}" if query else path)

    def items(self, path: str, **query: str) -> list[Object]:
        """The objects of a list."""
        return self.get(path, **query)["items"]

    def create(self, path: str, body: Object) -> Object:
        """Post `body` to a collection."""
        return self._request("POST", path, body)

    def apply(self, path: str, body: Object) -> Object:
        """Make the object what `body` says, or create it."""
        return self._request("PATCH", f"{path}?fieldManager={_MANAGER}&force=true", body, APPLY)

    def patch(self, path: str, body: Object, kind: str = STRATEGIC) -> Object:
        """Change some fields; custom resources only know MERGE."""
        return self._request("PATCH", path, body, kind)

    def delete(self, path: str, **options: Any) -> None:
        """Ask for deletion, with these DeleteOptions."""
        self._request("DELETE", path, dict(options))

    def _request(
        self, method: str, path: str, body: Object | None = None, content_type: str = "application/json"
    ) -> Object:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", "Content-Type": content_type, **self._headers}
        answer = self._pool.request(method, f"{self._base}{path}", body=data, headers=headers)
        parsed: Object = json.loads(answer.data)
        if answer.status >= 400:
            raise ApiError(answer.status, parsed)
        return parsed
