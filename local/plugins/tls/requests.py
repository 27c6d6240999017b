"""CertRequest: what somebody else is to sign."""

from __future__ import annotations

import hashlib
from typing import ClassVar, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from local.plugins.base.computed import InputError, Made, Resource
from local.plugins.base.fields import Field, Fields, Problem
from local.plugins.base.values import Properties
from local.plugins.tls.identity import IDENTITY_FIELDS, alternative_names, identity_problems, subject
from local.plugins.tls.keys import Key, algorithm, read_key, signature_hash

WRITE_ONLY_SUFFIX = "Wo"


class CertRequest(Resource):
    """A PKCS#10 request for a private key."""

    type_name: ClassVar[str] = "tls:index/certRequest:CertRequest"
    fields: ClassVar[Fields] = {
        **IDENTITY_FIELDS,
        "privateKeyPem": Field("string"),
        "privateKeyPemWo": Field("string"),
        "privateKeyPemWoVersion": Field("integer"),
    }
    computed: ClassVar[tuple[str, ...]] = ("certRequestPem", "keyAlgorithm")
    write_only: ClassVar[frozenset[str]] = frozenset({"privateKeyPemWo"})

    def check(self, inputs: Properties) -> list[Problem]:
        return [*key_problems(inputs, "privateKeyPem"), *identity_problems(inputs)]

    def make(self, inputs: Properties) -> Made:
        key = given_key(inputs, "privateKeyPem")
        builder = x509.CertificateSigningRequestBuilder(subject(inputs))
        if names := alternative_names(inputs):
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        pem = builder.sign(key, signature_hash(key)).public_bytes(Encoding.PEM).decode()
        identifier = hashlib.sha1(pem.encode(), usedforsecurity=False).hexdigest()
        return Made(identifier, {"certRequestPem": pem, "keyAlgorithm": algorithm(key)})


def key_problems(inputs: Properties, name: str) -> list[Problem]:
    """A key comes either through `name` or through its write-only twin, with a version."""
    plain, write_only = name in inputs, f"{name}{WRITE_ONLY_SUFFIX}" in inputs
    if plain == write_only:
        return [(name, f"give exactly one of {name} and {name}{WRITE_ONLY_SUFFIX}")]
    if write_only and f"{name}{WRITE_ONLY_SUFFIX}Version" not in inputs:
        return [(name, f"{name}{WRITE_ONLY_SUFFIX} needs {name}{WRITE_ONLY_SUFFIX}Version")]
    return []


def given_key(inputs: Properties, name: str) -> Key:
    """The private key in `name` or in its write-only twin. Raises InputError."""
    text = inputs.get(name, inputs.get(f"{name}{WRITE_ONLY_SUFFIX}"))
    return read_key(cast("str", text), name)


def read_request(pem: str) -> x509.CertificateSigningRequest:
    """A request whose signature is right. Raises InputError."""
    try:
        request = x509.load_pem_x509_csr(pem.encode())
    except ValueError:
        raise InputError("certRequestPem is not a certificate request in PEM format") from None
    if not request.is_signature_valid:
        raise InputError("certRequestPem is not signed by the key that it names")
    return request
