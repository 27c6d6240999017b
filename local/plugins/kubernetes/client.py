"""A small client of the Kubernetes REST API: JSON in, JSON out, errors as exceptions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode

import urllib3

from local.plugins.kubernetes.credentials import Credentials
from local.plugins.kubernetes.errors import ApiError, ClusterUnreachableError
from local.plugins.kubernetes.kubeconfig import Cluster
from local.plugins.kubernetes.objects import Object

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 60.0
_RETRIES = 3
_CONNECTIONS = 32
# Answers that ask us to come back: overload, a proxy without backend, an API server that is starting.
_RETRY = frozenset({429, 502, 503, 504})
_APPLY = "application/apply-patch+yaml"

_Outcome: TypeAlias = "urllib3.BaseHTTPResponse | urllib3.exceptions.HTTPError"


class Api:
    """Requests to one cluster; thread-safe. `warn` gets the server's warnings (deprecations, policies)."""

    def __init__(self, cluster: Cluster, user_agent: str, warn: Callable[[str], None]) -> None:
        self._base = cluster.server
        self._credentials = Credentials(cluster)
        self._warn = warn
        self._agent = user_agent
        options: dict[str, Any] = {
            "maxsize": _CONNECTIONS,
            "timeout": urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            "retries": False,
        }
        if cluster.server.startswith("https"):
            options["ssl_context"] = self._credentials.tls()
            options["assert_hostname"] = None if cluster.verify else False
        if cluster.tls_server_name:
            options["server_hostname"] = cluster.tls_server_name
            options["assert_hostname"] = cluster.tls_server_name
        self._pool: urllib3.PoolManager = (
            urllib3.ProxyManager(cluster.proxy, **options)
            if cluster.proxy
            else urllib3.PoolManager(**options)
        )

    def get(self, path: str, **query: str) -> Object:
        """One object or list. ApiError (404 among others), ClusterUnreachableError."""
        return json.loads(self._request("GET", path, query))

    def text(self, path: str, **query: str) -> str:
        """A plain-text answer, such as a container's log."""
        return self._request("GET", path, query).decode(errors="replace")

    def apply(self, path: str, body: Object, *, manager: str, force: bool, dry_run: bool = False) -> Object:
        """Server-side apply `body` as `manager`; creates what is missing. Returns the resulting object."""
        query = {"fieldManager": manager, "force": str(force).lower(), "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        return json.loads(self._request("PATCH", path, query, body, _APPLY))

    def delete(self, path: str, options: Object) -> None:
        """Ask for deletion; returns as soon as the server has accepted it."""
        self._request("DELETE", path, {}, options)

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Object | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        outcome = self._send(method, url, data, content_type)
        for attempt in range(_RETRIES):
            if not self._worth_retrying(outcome):
                break
            time.sleep(_pause(outcome, attempt))
            outcome = self._send(method, url, data, content_type)
        if isinstance(outcome, urllib3.exceptions.HTTPError):
            raise ClusterUnreachableError(f"{self._base} does not answer: {_cause(outcome)}") from outcome
        if outcome.status >= 400:
            raise ApiError(outcome.status, _status(outcome))
        for warning in outcome.headers.getlist("Warning"):
            self._warn(warning.split('"')[1] if '"' in warning else warning)
        return outcome.data

    def _send(self, method: str, url: str, data: bytes | None, content_type: str) -> _Outcome:
        headers = {
            "Accept": "application/json",
            "Content-Type": content_type,
            "User-Agent": self._agent,
            **self._credentials.headers(),
        }
        try:
            return self._pool.request(method, url, body=data, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            return error

    def _worth_retrying(self, outcome: _Outcome) -> bool:
        """Every request here may be repeated: reads, server-side apply and deletion are idempotent."""
        if isinstance(outcome, urllib3.exceptions.HTTPError):
            return not isinstance(outcome, urllib3.exceptions.TimeoutError)
        if outcome.status == 401:
            return self._credentials.renew()
        return outcome.status in _RETRY


def _pause(outcome: _Outcome, attempt: int) -> float:
    asked = "" if isinstance(outcome, Exception) else outcome.headers.get("Retry-After", "")
    return min(float(asked), 10.0) if asked.isdigit() else 0.2 * 2**attempt


def _status(response: urllib3.BaseHTTPResponse) -> Object:
    try:
        parsed: Any = json.loads(response.data)
    except ValueError:
        return {"message": f"HTTP {response.status}: {response.data[:300].decode(errors='replace')}"}
    return parsed if isinstance(parsed, dict) else {"message": f"HTTP {response.status}: {parsed!r}"}


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason or error)
