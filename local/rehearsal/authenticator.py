"""Who a token is to the cluster, decided by the access entries of the emulated account.

The API server asks at every new token (its token webhook), as EKS' asks its authenticator. A principal with
an access entry is known; with EKS' administrator policy besides it may do everything. Without an entry it is
refused, so a program that creates objects before its access entries fails here as it would on AWS.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Generator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from local.plugins.kubernetes.errors import ApiError
from local.plugins.kubernetes.objects import Object

# Long enough to keep the emulator out of every single request, short enough to follow a new access entry.
_CACHED_SECONDS = 2


class Entries(Protocol):
    """The access entries of one cluster."""

    def knows(self, principal: str) -> bool: ...
    def administrates(self, principal: str) -> bool: ...


class Authenticator:
    """Answers token reviews; nobody is known before `open`."""

    def __init__(self) -> None:
        self._entries: Entries | None = None
        self._principals: Mapping[str, str] = {}
        self._arriving: Callable[[], None] = lambda: None

    def open(self, entries: Entries, principals: Mapping[str, str], arriving: Callable[[], None]) -> None:
        """Let in by `entries`; `principals` are IAM principals by token.

        `arriving` is called before each login, for what must be there first.
        """
        self._principals, self._arriving, self._entries = principals, arriving, entries

    def review(self, token: str) -> Object:
        """The status of a TokenReview."""
        principal = self._principals.get(token)
        if self._entries is None or principal is None:
            return {"authenticated": False}
        try:
            if not self._entries.knows(principal):
                return {"authenticated": False}
            groups = ["system:masters"] if self._entries.administrates(principal) else []
            self._arriving()
        except (BotoCoreError, ClientError, ApiError, TimeoutError) as error:
            return {"authenticated": False, "error": f"the played EKS is not ready: {error}"}
        return {"authenticated": True, "user": {"username": principal, "groups": groups}}


@contextlib.contextmanager
def serving(authenticator: Authenticator, config: Path) -> Generator[list[str]]:
    """Answer on loopback while the context lasts; yields the flags that tell an API server so."""

    class Reviews(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            review: Object = json.loads(body)
            answer = {**review, "status": authenticator.review(review["spec"]["token"])}
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
            """Tokens go through here; nothing of them is written down."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Reviews) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        config.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        config.write_text(yaml.safe_dump(_kubeconfig(f"http://127.0.0.1:{server.server_port}")))
        try:
            yield [
                f"--authentication-token-webhook-config-file={config}",
                "--authentication-token-webhook-version=v1",
                f"--authentication-token-webhook-cache-ttl={_CACHED_SECONDS}s",
            ]
        finally:
            server.shutdown()


def _kubeconfig(url: str) -> Object:
    name = "authenticator"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": url}}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
