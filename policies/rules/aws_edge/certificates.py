"""Certificates that renew themselves, are seen by everybody, and have keys that hold."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types

CERTIFICATE = types("aws:acm/certificate:Certificate")
_STRONG = frozenset(
    {"RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"},
)


class CertificateSettings(Settings):
    """What certificates may be for."""

    allow_wildcards: bool = Field(default=True, description="Whether `*.example.com` may be asked for.")


@resource_rule(
    "acm-strong",
    CERTIFICATE,
    title="A certificate is validated by DNS, logged in public, and has a strong key",
    why="Validation by mail lapses when nobody answers, a certificate outside the public logs can be a "
    "forgery that nobody sees, and a short key can be found.",
    fix="Set validationMethod to DNS and keyAlgorithm to RSA of 2048 bits or more, or EC, and leave "
    "transparency logging on.",
    severity=Severity.MEDIUM,
    refs="FSBP ACM.2, CKV AWS_234, CKV 2_AWS_71",
    dev="advisory",
    prod="mandatory",
    settings=CertificateSettings,
    departs="A rule has one level, so wildcards are not advised against but allowed or not: allowWildcards. "
    "Of an imported certificate only the names are judged: ACM neither validated nor made it.",
)
def strong(certificate: Resource, check: Check) -> None:
    if not check.settings(CertificateSettings).allow_wildcards:
        with check.part():
            _no_wildcards(certificate, check)
    if certificate["certificateBody"].present:
        return
    with check.part():
        algorithm = certificate["keyAlgorithm"]
        if algorithm.text(default="RSA_2048") not in _STRONG:
            check.violation("its key is too weak", algorithm)
    if certificate["certificateAuthorityArn"].present:
        return  # a private authority asks for no proof and publishes nothing
    with check.part():
        method = certificate["validationMethod"]
        if method.text() != "DNS":
            check.violation("it does not renew by itself", method)
    logged = certificate["options.certificateTransparencyLoggingPreference"]
    if logged.text(default="ENABLED") != "ENABLED":
        check.violation("it is kept out of the public logs", logged)


def _no_wildcards(certificate: Resource, check: Check) -> None:
    names = [certificate["domainName"], *certificate["subjectAlternativeNames"].items()]
    for name in names:
        with check.part():
            if name.text().startswith("*."):
                check.violation("it is for every name below a domain", name)
