"""What the providers would answer: ids and computed outputs by resource type, results by invoke token.

One table for each provider; a type or token that no table knows fails the test instead of answering `{}`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

Answer = tuple[str, dict[str, Any]]
Outputs = Callable[[str, dict[str, Any]], Answer]
"""Logical name and inputs of a resource, to its id and the outputs that its inputs do not hold."""


def digest(*parts: object, length: int = 8) -> str:
    """A stable stand-in for what a provider draws at random."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:length]


def _provider(name: str, _: dict[str, Any]) -> Answer:
    return f"{digest(name)}-0000-4000-8000-000000000000", {}


def _kubernetes(type_: str) -> Outputs:
    def outputs(name: str, inputs: dict[str, Any]) -> Answer:
        metadata = dict(inputs.get("metadata") or {})
        metadata.setdefault("name", f"{name}-{digest(type_, name)}")
        namespace = metadata.get("namespace")
        id_ = f"{namespace}/{metadata['name']}" if namespace else metadata["name"]
        return id_, {"metadata": metadata | {"uid": digest(id_, length=32)}}

    return outputs


def _random_password(name: str, inputs: dict[str, Any]) -> Answer:
    length = int(inputs["length"])
    result = (digest(name, length=64) * 8)[:length]
    return "none", {"result": result, "bcryptHash": "$2a$10$" + digest(name, "bcrypt", length=53)}


def pem(label: str, name: str) -> str:
    """Shaped like PEM; certainly no key."""
    return f"-----BEGIN {label}-----\n{digest(label, name, length=64)}\n-----END {label}-----\n"


def _tls_private_key(name: str, _: dict[str, Any]) -> Answer:
    key = pem("PRIVATE KEY", name)
    return digest(name, length=40), {
        "privateKeyPem": key,
        "privateKeyPemPkcs8": key,
        "privateKeyOpenssh": key,
        "publicKeyPem": pem("PUBLIC KEY", name),
    }


def _tls_request(name: str, _: dict[str, Any]) -> Answer:
    return digest(name, length=40), {"certRequestPem": pem("CERTIFICATE REQUEST", name)}


def _tls_certificate(name: str, _: dict[str, Any]) -> Answer:
    return digest(name, length=40), {"certPem": pem("CERTIFICATE", name)}


RESOURCES: dict[str, Outputs] = {
    "random:index/randomPassword:RandomPassword": _random_password,
    "tls:index/privateKey:PrivateKey": _tls_private_key,
    "tls:index/certRequest:CertRequest": _tls_request,
    "tls:index/selfSignedCert:SelfSignedCert": _tls_certificate,
    "tls:index/locallySignedCert:LocallySignedCert": _tls_certificate,
}
"""By type token. AWS adds its own table in `tests/components/aws/`."""

INVOKES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def outputs_of(type_: str, name: str, inputs: dict[str, Any]) -> Answer:
    """Id and computed outputs of one custom resource; AssertionError for a type that nobody described."""
    if type_.startswith("pulumi:providers:"):
        return _provider(name, inputs)
    if type_ in RESOURCES:
        return RESOURCES[type_](name, inputs)
    if type_.startswith("kubernetes:"):
        return _kubernetes(type_)(name, inputs)
    raise AssertionError(f"{type_} ({name}) is not in tests/support/realism.py: say what it outputs")


def known_in_preview(type_: str, computed: dict[str, Any]) -> dict[str, Any]:
    """Computed outputs that a first preview already has: only names, which a provider's check makes up."""
    if not type_.startswith("kubernetes:"):
        return {}
    return {"metadata": {k: v for k, v in computed["metadata"].items() if k != "uid"}}


def answer_to(token: str, args: dict[str, Any]) -> dict[str, Any]:
    """Result of an invoke; AssertionError for a token that nobody described."""
    if token not in INVOKES:
        raise AssertionError(f"{token} ({args}) is not in tests/support/realism.py: say what it answers")
    return INVOKES[token](args)
