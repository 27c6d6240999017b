"""`allowedUses` of a certificate: the official names, as X.509 key usages and extended key usages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Extended

from local.plugins.base.fields import Problem
from local.plugins.base.values import Properties

# The official name, and that of cryptography's KeyUsage.
_KEY_USAGES: Final = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
_EXTENDED_USAGES: Final = {
    "any_extended": Extended.ANY_EXTENDED_KEY_USAGE,
    "client_auth": Extended.CLIENT_AUTH,
    "code_signing": Extended.CODE_SIGNING,
    "email_protection": Extended.EMAIL_PROTECTION,
    "ipsec_end_system": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.5"),
    "ipsec_tunnel": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.6"),
    "ipsec_user": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
    "microsoft_commercial_code_signing": x509.ObjectIdentifier("1.3.6.1.4.1.311.2.1.22"),
    "microsoft_kernel_code_signing": x509.ObjectIdentifier("1.3.6.1.4.1.311.61.1.1"),
    "microsoft_server_gated_crypto": x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.3"),
    "netscape_server_gated_crypto": x509.ObjectIdentifier("2.16.840.1.113730.4.1"),
    "ocsp_signing": Extended.OCSP_SIGNING,
    "server_auth": Extended.SERVER_AUTH,
    "timestamping": Extended.TIME_STAMPING,
}


def usage_problems(inputs: Properties) -> list[Problem]:
    """Uses that there are not."""
    uses = inputs.get("allowedUses")
    known = {*_KEY_USAGES, *_EXTENDED_USAGES}
    return [
        (f"allowedUses[{index}]", f"{use!r} is not a key usage; there are {', '.join(sorted(known))}")
        for index, use in enumerate(uses if isinstance(uses, list) else [])
        if isinstance(use, str) and use not in known
    ]


def key_usage(uses: Sequence[str]) -> x509.KeyUsage | None:
    """The key-usage extension; None if no use belongs there."""
    chosen = {field for use, field in _KEY_USAGES.items() if use in uses}
    if not chosen:
        return None
    # X.509 gives these two a meaning only together with key agreement.
    if chosen & {"encipher_only", "decipher_only"}:
        chosen.add("key_agreement")
    return x509.KeyUsage(**{field: field in chosen for field in _KEY_USAGES.values()})


def extended_key_usage(uses: Sequence[str]) -> x509.ExtendedKeyUsage | None:
    """The extended key-usage extension; None if no use belongs there."""
    chosen = [_EXTENDED_USAGES[use] for use in uses if use in _EXTENDED_USAGES]
    return x509.ExtendedKeyUsage(chosen) if chosen else None
