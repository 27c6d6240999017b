"""Reads a kubeconfig: which server, how to trust it, and who we are to it."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from local.plugins.kubernetes.errors import ClusterUnreachableError
from local.plugins.kubernetes.objects import Object, dig


class KubeconfigError(ClusterUnreachableError):
    """The kubeconfig cannot be used; the message says why, without quoting credentials."""


@dataclass(frozen=True)
class ExecLogin:
    """A command that prints an ExecCredential, as cloud clusters use it."""

    command: str
    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    api_version: str


@dataclass(frozen=True)
class Login:
    """Who we are: any of client certificate, token, token file, password or command."""

    certificate: bytes | None = None
    key: bytes | None = None
    token: str | None = None
    token_file: Path | None = None
    username: str | None = None
    password: str | None = None
    command: ExecLogin | None = None

    def __repr__(self) -> str:
        return "Login(...)"


@dataclass(frozen=True)
class Cluster:
    """One API server and how to reach it."""

    server: str
    ca: bytes | None
    verify: bool
    tls_server_name: str | None
    proxy: str | None
    namespace: str | None
    login: Login


def load(source: str | None, *, context: str | None = None, cluster: str | None = None) -> Cluster:
    """The cluster that `source` selects: kubeconfig text, a path, or None for the user's default files.

    KubeconfigError where there is none, or where it names what it does not hold.
    """
    document = _document(source)
    chosen = context or document.get("current-context") or ""
    found = _entry(document, "contexts", chosen, "context")
    cluster_name = cluster or str(found.get("cluster", ""))
    server = _entry(document, "clusters", cluster_name, "cluster")
    user = found.get("user")
    login = _login(_entry(document, "users", str(user), "user")) if user else Login()
    if not server.get("server"):
        raise KubeconfigError(f"The kubeconfig's cluster {cluster_name!r} has no `server`.")
    return Cluster(
        server=str(server["server"]).rstrip("/"),
        ca=_bytes(server, "certificate-authority"),
        verify=not server.get("insecure-skip-tls-verify", False),
        tls_server_name=server.get("tls-server-name"),
        proxy=server.get("proxy-url"),
        namespace=found.get("namespace"),
        login=login,
    )


def _document(source: str | None) -> Object:
    if source and ("\n" in source or source.lstrip().startswith("{")):
        return _parse(source, "the provider's kubeconfig")
    paths = [Path(part).expanduser() for part in (source or _default()).split(os.pathsep) if part]
    documents = [_parse(_read(path), str(path), path.parent) for path in paths if path.exists()]
    if not documents:
        where = ", ".join(map(str, paths))
        raise KubeconfigError(
            f"There is no kubeconfig at {where}. Set the provider's `kubeconfig`, or KUBECONFIG."
        )
    return _merge(documents)


def _default() -> str:
    return os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise KubeconfigError(f"The kubeconfig {path} cannot be read: {error}.") from error


def _parse(text: str, what: str, base: Path | None = None) -> Object:
    try:
        parsed: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = dig(vars(error), "problem_mark")
        where = f" (line {line.line + 1})" if line else ""
        raise KubeconfigError(f"{what} is not valid YAML{where}.") from None
    if not isinstance(parsed, dict):
        raise KubeconfigError(f"{what} is not a kubeconfig: expected a mapping with contexts and clusters.")
    document = cast("Object", parsed)
    if base:
        _resolve_paths(document, base)
    return document


def _resolve_paths(document: Object, base: Path) -> None:
    """Relative file names count from the kubeconfig's own folder."""
    for section, inner in (("clusters", "cluster"), ("users", "user")):
        for entry in dig(document, section, default=[]):
            fields: Object = dig(entry, inner, default={})
            for key in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
                if fields.get(key):
                    fields[key] = str(base / str(fields[key]))


def _merge(documents: list[Object]) -> Object:
    """As kubectl: of entries with the same name the first wins."""
    merged: Object = {"contexts": [], "clusters": [], "users": []}
    for document in documents:
        merged.setdefault("current-context", document.get("current-context"))
        for section in ("contexts", "clusters", "users"):
            merged[section] += dig(document, section, default=[])
    return merged


def _entry(document: Object, section: str, name: str, inner: str) -> Object:
    for entry in dig(document, section, default=[]):
        if dig(entry, "name") == name:
            return dig(entry, inner, default={})
    known = ", ".join(str(dig(entry, "name")) for entry in dig(document, section, default=[])) or "none"
    raise KubeconfigError(f"The kubeconfig has no {inner} {name!r}; its {section} are: {known}.")


def _login(user: Object) -> Login:
    token_file = user.get("tokenFile")
    return Login(
        certificate=_bytes(user, "client-certificate"),
        key=_bytes(user, "client-key"),
        token=user.get("token"),
        token_file=Path(str(token_file)) if token_file else None,
        username=user.get("username"),
        password=user.get("password"),
        command=_exec(user["exec"]) if user.get("exec") else None,
    )


def _exec(spec: Object) -> ExecLogin:
    return ExecLogin(
        command=str(spec.get("command", "")),
        args=tuple(str(arg) for arg in dig(spec, "args", default=[])),
        env=tuple((str(item["name"]), str(item["value"])) for item in dig(spec, "env", default=[])),
        api_version=str(spec.get("apiVersion", "client.authentication.k8s.io/v1")),
    )


def _bytes(fields: Object, key: str) -> bytes | None:
    """`<key>-data` in base64, else the content of the file `<key>`."""
    data = fields.get(f"{key}-data")
    if data:
        try:
            return base64.b64decode(str(data), validate=True)
        except binascii.Error:
            raise KubeconfigError(f"The kubeconfig's {key}-data is not base64.") from None
    path = fields.get(key)
    if not path:
        return None
    try:
        return Path(str(path)).read_bytes()
    except OSError as error:
        raise KubeconfigError(f"The kubeconfig's {key} cannot be read: {error}.") from error
