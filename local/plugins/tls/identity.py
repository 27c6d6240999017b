"""Who a certificate is for: the subject and the alternative names, as inputs and as X.509."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final, cast

from cryptography import x509
from cryptography.x509.oid import NameOID

from local.plugins.base.fields import Field, Problem
from local.plugins.base.values import Properties, Value

# In the order in which Go, and so the official plugin, writes them.
_SUBJECT: Final[Mapping[str, x509.ObjectIdentifier]] = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}

IDENTITY_FIELDS: Final[Mapping[str, Field]] = {
    "subject": Field(
        "object",
        fields={name: Field("strings" if name == "streetAddresses" else "string") for name in _SUBJECT},
    ),
    "dnsNames": Field("strings"),
    "ipAddresses": Field("strings"),
    "uris": Field("strings"),
}


def subject(inputs: Properties) -> x509.Name:
    """The distinguished name; an empty one if there is no subject."""
    given = cast("Properties", inputs.get("subject", {}))
    attributes: list[x509.NameAttribute[str]] = []
    for name, oid in _SUBJECT.items():
        value = given.get(name)
        texts = cast("list[str]", value if isinstance(value, list) else [value] if value else [])
        attributes += [x509.NameAttribute(oid, text) for text in texts]
    return x509.Name(attributes)


def alternative_names(inputs: Properties) -> list[x509.GeneralName]:
    """DNS names, addresses and URIs."""
    return [
        *(x509.DNSName(_idna(name)) for name in _texts(inputs, "dnsNames")),
        *(x509.IPAddress(ipaddress.ip_address(text)) for text in _texts(inputs, "ipAddresses")),
        *(x509.UniformResourceIdentifier(text) for text in _texts(inputs, "uris")),
    ]


def identity_problems(inputs: Properties) -> list[Problem]:
    """Addresses that are none, and a country that is not two letters."""
    found: list[Problem] = []
    for index, text in enumerate(_texts(inputs, "ipAddresses")):
        try:
            ipaddress.ip_address(text)
        except ValueError:
            found.append((f"ipAddresses[{index}]", f"{text} is not an IP address; names belong in dnsNames"))
    given = inputs.get("subject")
    country = given.get("country") if isinstance(given, dict) else None
    if isinstance(country, str) and len(country) != 2:
        found.append(("subject.country", f"country must be a code of two letters, not {country!r}"))
    return found


def _texts(inputs: Properties, name: str) -> list[str]:
    """Those items that are known."""
    items: Value = inputs.get(name)
    return [item for item in items if isinstance(item, str)] if isinstance(items, list) else []


def _idna(name: str) -> str:
    return name if name.isascii() else name.encode("idna").decode()
