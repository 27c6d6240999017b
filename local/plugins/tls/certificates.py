"""SelfSignedCert and LocallySignedCert."""

from __future__ import annotations

import datetime
import secrets
from typing import ClassVar, Final, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.plugins.base.computed import InputError, Made, Resource
from local.plugins.base.fields import Field, Fields, Problem
from local.plugins.base.values import Properties
from local.plugins.tls.identity import IDENTITY_FIELDS, alternative_names, identity_problems, subject
from local.plugins.tls.keys import Key, algorithm, signature_hash
from local.plugins.tls.requests import given_key, key_problems, read_request
from local.plugins.tls.usages import extended_key_usage, key_usage, usage_problems

_SERIAL_BITS: Final = 128
_TIMES: Final = "%Y-%m-%dT%H:%M:%SZ"

_VALIDITY_FIELDS: Final[Fields] = {
    "allowedUses": Field("strings", required=True),
    "validityPeriodHours": Field("integer", required=True, minimum=0),
    "earlyRenewalHours": Field("integer", default=0, minimum=0, replaces=False),
    "isCaCertificate": Field("boolean", default=False),
    "maxPathLength": Field("integer", minimum=-1),
    "setSubjectKeyId": Field("boolean", default=False),
}
_VALIDITY_OUTPUTS: Final = ("certPem", "readyForRenewal", "validityEndTime", "validityStartTime")


class _Certificate(Resource):
    """What both kinds have: a validity that ends, and a time before that at which they are replaced."""

    def check(self, inputs: Properties) -> list[Problem]:
        return usage_problems(inputs)

    def renew(self, outputs: Properties) -> str | None:
        return "readyForRenewal" if _is_due(outputs) else None

    def refreshed(self, outputs: Properties) -> Properties:
        return {**outputs, "readyForRenewal": _is_due(outputs)}


class SelfSignedCert(_Certificate):
    """A certificate signed by its own key: mostly a certificate authority."""

    type_name: ClassVar[str] = "tls:index/selfSignedCert:SelfSignedCert"
    fields: ClassVar[Fields] = {
        **IDENTITY_FIELDS,
        **_VALIDITY_FIELDS,
        "privateKeyPem": Field("string"),
        "privateKeyPemWo": Field("string"),
        "privateKeyPemWoVersion": Field("integer"),
        "setAuthorityKeyId": Field("boolean", default=False),
    }
    computed: ClassVar[tuple[str, ...]] = ("keyAlgorithm", *_VALIDITY_OUTPUTS)
    write_only: ClassVar[frozenset[str]] = frozenset({"privateKeyPemWo"})

    def check(self, inputs: Properties) -> list[Problem]:
        problems = [*key_problems(inputs, "privateKeyPem"), *identity_problems(inputs)]
        return [*problems, *super().check(inputs)]

    def make(self, inputs: Properties) -> Made:
        key = given_key(inputs, "privateKeyPem")
        builder = _builder(inputs, subject(inputs), alternative_names(inputs), key.public_key())
        builder = builder.issuer_name(subject(inputs))
        if inputs["setAuthorityKeyId"]:
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
            builder = builder.add_extension(identifier, critical=False)
        made = _signed(builder, key)
        return Made(made.id, {"keyAlgorithm": algorithm(key), **made.outputs})


class LocallySignedCert(_Certificate):
    """A certificate for a request, signed by a certificate authority whose key is at hand."""

    type_name: ClassVar[str] = "tls:index/locallySignedCert:LocallySignedCert"
    fields: ClassVar[Fields] = {
        **_VALIDITY_FIELDS,
        "caCertPem": Field("string", required=True),
        "caPrivateKeyPem": Field("string"),
        "caPrivateKeyPemWo": Field("string"),
        "caPrivateKeyPemWoVersion": Field("integer"),
        "certRequestPem": Field("string", required=True),
    }
    computed: ClassVar[tuple[str, ...]] = ("caKeyAlgorithm", *_VALIDITY_OUTPUTS)
    write_only: ClassVar[frozenset[str]] = frozenset({"caPrivateKeyPemWo"})

    def check(self, inputs: Properties) -> list[Problem]:
        return [*key_problems(inputs, "caPrivateKeyPem"), *super().check(inputs)]

    def make(self, inputs: Properties) -> Made:
        ca, key = _authority(inputs)
        request = read_request(cast("str", inputs["certRequestPem"]))
        names = _requested_names(request)
        builder = _builder(inputs, request.subject, names, request.public_key()).issuer_name(ca.subject)
        if identifier := _authority_key_id(ca):
            builder = builder.add_extension(identifier, critical=False)
        made = _signed(builder, key)
        return Made(made.id, {"caKeyAlgorithm": algorithm(key), **made.outputs})


def _authority(inputs: Properties) -> tuple[x509.Certificate, Key]:
    key = given_key(inputs, "caPrivateKeyPem")
    try:
        certificate = x509.load_pem_x509_certificate(cast("str", inputs["caCertPem"]).encode())
    except ValueError:
        raise InputError("caCertPem is not a certificate in PEM format") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise InputError("caPrivateKeyPem is not the key of the certificate in caCertPem")
    return certificate, key


def _authority_key_id(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier | None:
    """The identifier of the authority's key, where its certificate has one."""
    try:
        found = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found.value)


def _requested_names(request: x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    try:
        found = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(found.value)


def _builder(
    inputs: Properties,
    name: x509.Name,
    names: list[x509.GeneralName],
    public_key: CertificatePublicKeyTypes,
) -> x509.CertificateBuilder:
    """Everything but the issuer."""
    start = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    uses, authority = cast("list[str]", inputs["allowedUses"]), inputs["isCaCertificate"] is True
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(public_key)
        .serial_number(secrets.randbits(_SERIAL_BITS) or 1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(hours=cast("int", inputs["validityPeriodHours"])))
        .add_extension(_constraints(inputs, authority=authority), critical=True)
    )
    builder = _optional(builder, key_usage(uses), critical=True)
    builder = _optional(builder, extended_key_usage(uses), critical=False)
    # An authority always has an identifier: verifiers find the issuer of a certificate by it.
    if authority or inputs["setSubjectKeyId"]:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    # With an empty subject, the names are all that says whom the certificate is for.
    alternative = x509.SubjectAlternativeName(names) if names else None
    return _optional(builder, alternative, critical=not name.rdns)


def _constraints(inputs: Properties, *, authority: bool) -> x509.BasicConstraints:
    length = inputs.get("maxPathLength")
    limited = authority and isinstance(length, int) and length >= 0
    return x509.BasicConstraints(ca=authority, path_length=cast("int", length) if limited else None)


def _optional(
    builder: x509.CertificateBuilder, extension: x509.ExtensionType | None, *, critical: bool
) -> x509.CertificateBuilder:
    return builder if extension is None else builder.add_extension(extension, critical=critical)


def _signed(builder: x509.CertificateBuilder, key: Key) -> Made:
    certificate = builder.sign(key, signature_hash(key))
    return Made(
        str(certificate.serial_number),
        {
            "certPem": certificate.public_bytes(Encoding.PEM).decode(),
            "readyForRenewal": False,
            "validityStartTime": certificate.not_valid_before_utc.strftime(_TIMES),
            "validityEndTime": certificate.not_valid_after_utc.strftime(_TIMES),
        },
    )


def _is_due(outputs: Properties) -> bool:
    """Whether the early-renewal period has begun, or the certificate has expired."""
    end, early = outputs.get("validityEndTime"), outputs.get("earlyRenewalHours", 0)
    if not isinstance(end, str) or not isinstance(early, int):
        return False
    ends = datetime.datetime.fromisoformat(end)
    return datetime.datetime.now(datetime.UTC) >= ends - datetime.timedelta(hours=early)
