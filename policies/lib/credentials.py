"""Texts that look like a credential, whatever they are called."""

from __future__ import annotations

import base64
import binascii
import re

_KNOWN_FORMS = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS access keys
    r"|-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}"  # GitHub
    r"|\bxox[abprs]-[0-9A-Za-z-]{10}"  # Slack
    r"|\bsk-[A-Za-z0-9_-]{20}"  # model providers
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10}"  # JWT
    r"|\w://[^\s/:@$]+:[^\s/:@$]{3,}@"  # in a URL
)
_ASSIGNED = re.compile(
    r"(?:password|passwd|passphrase|secret|token|(?:api|access|private)_?key)[\"']?[ \t]{0,4}[:=][ \t]{0,4}"
    r"[\"']?"
    r"(?P<value>[^\s\"']{8,})",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"^(?:[$<{(/`]|arn:|ssm:|https?://|file:)", re.IGNORECASE)


def holds_credential(text: str) -> bool:
    """Whether a script or document has a key, password or token written into it.

    A reference to one (`$PASSWORD`, `$(aws …)`, an ARN, a path) is none.
    """
    if _KNOWN_FORMS.search(text):
        return True
    return any(not _REFERENCE.match(found["value"]) for found in _ASSIGNED.finditer(text))


def decoded(text: str) -> str:
    """What a text in base64 says; any other text as it is."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return text
