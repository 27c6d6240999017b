"""Turns a kubeconfig login into request headers and a TLS context, renewing what expires."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.plugins.kubernetes.kubeconfig import Cluster, ExecLogin, KubeconfigError
from local.plugins.kubernetes.objects import Object, dig

_COMMAND_DEADLINE_SECONDS = 60
_RENEW_BEFORE = timedelta(minutes=1)


class Credentials:
    """The current token and client certificate for one cluster; thread-safe."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._issued: Object = {}

    def headers(self) -> dict[str, str]:
        """The Authorization header, if the login uses one."""
        login = self._cluster.login
        token = login.token
        if login.token_file:
            token = login.token_file.read_text().strip()
        if login.command:
            token = dig(self._credential(login.command), "token")
        if token:
            return {"Authorization": f"Bearer {token}"}
        if login.username and login.password:
            pair = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}

    def renew(self) -> bool:
        """Drop what a command issued, because the server refused it; False if there is nothing to renew."""
        with self._lock:
            self._issued = {}
        return self._cluster.login.command is not None

    def tls(self) -> ssl.SSLContext:
        """Trust and client certificate as one TLS context. KubeconfigError for unusable PEM."""
        cluster = self._cluster
        certificate, key = cluster.login.certificate, cluster.login.key
        if cluster.login.command:
            issued = self._credential(cluster.login.command)
            certificate = dig(issued, "clientCertificateData", default="").encode() or certificate
            key = dig(issued, "clientKeyData", default="").encode() or key
        try:
            context = ssl.create_default_context(cadata=cluster.ca.decode() if cluster.ca else None)
            if not cluster.verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if certificate and key:
                with _pem_file(certificate + b"\n" + key) as path:
                    context.load_cert_chain(path)
        except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
            raise KubeconfigError(f"The kubeconfig's certificates cannot be used: {error}.") from error
        return context

    def _credential(self, command: ExecLogin) -> Object:
        with self._lock:
            if not self._issued or _expires_soon(self._issued):
                self._issued = _run(command)
            return self._issued


@contextlib.contextmanager
def _pem_file(content: bytes) -> Generator[Path]:
    """OpenSSL reads client keys from files only; this one is private and short-lived."""
    handle, name = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        yield Path(name)
    finally:
        Path(name).unlink()


def _expires_soon(issued: Object) -> bool:
    expiry = dig(issued, "expirationTimestamp")
    if not expiry:
        return False
    return datetime.fromisoformat(str(expiry)) - datetime.now(UTC) < _RENEW_BEFORE


def _run(command: ExecLogin) -> Object:
    info = {"apiVersion": command.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
    environment = {**os.environ, **dict(command.env), "KUBERNETES_EXEC_INFO": json.dumps(info)}
    try:
        done = subprocess.run(
            [command.command, *command.args],
            env=environment,
            capture_output=True,
            timeout=_COMMAND_DEADLINE_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return dig(json.loads(done.stdout), "status", default={})
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()[-500:]
        raise KubeconfigError(f"The login command {command.command!r} failed: {said}") from error
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise KubeconfigError(f"The login command {command.command!r} gave no credential: {error}") from error
