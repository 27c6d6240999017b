"""An admission webhook inside a pod: HTTPS on a connection that the API server opened."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import tempfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, TypeAlias

from local.plugins.kubernetes.objects import Object
from local.rehearsal.pod_network import Handler

Mutate: TypeAlias = Callable[[Object, str], list[Object]]
"""From a new object and its namespace to a JSON patch; empty where nothing changes."""


def certificate(pem: bytes) -> ssl.SSLContext:
    """A server's side of TLS with the key and the certificate in `pem`. ssl.SSLError if they do not fit."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL reads keys from files only; this one is private and short-lived.
    handle, name = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()
    return context


def serving(tls: ssl.SSLContext, path: str, mutate: Mutate) -> Handler:
    """A listener for the pod network that answers admission reviews at `path`."""

    class Reviews(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if self.path.partition("?")[0] != path:
                self._answer(404, b"{}")
                return
            self._answer(200, json.dumps(_review(json.loads(body), mutate)).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
            """Reviews hold whole objects; nothing of them is written down."""

    def handle(connection: socket.socket) -> None:
        with tls.wrap_socket(connection, server_side=True) as secured:
            Reviews(secured, ("api-server", 0), None)  # type: ignore[arg-type] - it never asks its server

    return handle


def _review(review: Object, mutate: Mutate) -> Object:
    request: Object = review["request"]
    response: Object = {"uid": request["uid"], "allowed": True}
    patch = mutate(request["object"], request["namespace"])
    if patch:
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
    return {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}
