"""Texts that are secrets: by their form, by the name that they are given, or by looking random."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter

_PEM = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY")


def _encoded(label: str) -> str:
    """How the first line of a PEM block begins in base64, up to what does not depend on the rest."""
    line = f"-----BEGIN {label}-----"
    return base64.b64encode(line[: len(line) // 3 * 3].encode()).decode()


_FORMS = {
    "a private key": "|".join(
        [r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY", *(map(re.escape, map(_encoded, _PEM)))]
    ),
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a bearer token": r"(?i:\bbearer) +[A-Za-z0-9._~+/-]{20,}",
    "a signed token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "an access token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40}|glpat-[\w-]{20}"
    r"|xox[abprs]-[\w-]{20}|hf_[A-Za-z0-9]{30}|npm_[A-Za-z0-9]{36}|sk-[A-Za-z0-9_-]{20}|[rs]k_live_[A-Za-z0-9]{20}"
    r"|AIza[\w-]{35})",
    "a password in a URL": r"\b[a-z][a-z0-9+.-]{0,20}://[^\s:/@?#]{0,100}:(?![$<{%*])[^\s:/@?#]{3,}@[\w\[]",
}
_FORM = re.compile("|".join(f"({pattern})" for pattern in _FORMS.values()))
_NAME = re.compile(
    r"(?:passw(?:or)?d|passphrase|token|credentials?|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key"
    r"|encryption[_-]?key|(?:client|auth|jwt|webhook|signing|app|session|shared)[_-]?secret)$",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(
    r"^[ \t-]*(?:export +)?[\"']?(?P<name>[\w.-]{3,60})[\"']?[ \t]*[:=][ \t]*[\"']?"
    r"(?P<value>[^\s\"'`,;#]{8,200})[\"']?[ \t]*(?:[,;#].*)?$",
    re.MULTILINE,
)
_REFERENCE = re.compile(r"^(?:/|\./|[a-z+]+://|arn:|\$|<|\{|%|file:|env:|vault:)|\$[({]|\{\{", re.IGNORECASE)
_PLAIN_WORDS = re.compile(r"^(?:[A-Za-z_.:()\[\]-]+|[\d.:]+[a-zA-Z]?|true|false)$")
_TOKEN = re.compile(r"^[A-Za-z0-9+/_=-]{32,}$")
_RANDOM = 4.3
"""Bits a character: above it is what a generator makes of letters and digits, below it what people write."""


def form_of(text: str) -> str | None:
    """What kind of secret is in the text, if one can tell by its form: `a private key`."""
    if len(text) < 16:
        return None
    found = _FORM.search(text)
    return list(_FORMS)[found.lastindex - 1] if found and found.lastindex else None


def is_secret_name(name: str) -> bool:
    """Whether something of that name is a secret: `PGPASSWORD`, `apiKey`, `--token`."""
    return bool(_NAME.search(name))


def is_given(value: str) -> bool:
    """Whether the value of something with such a name is the secret itself, not a path or reference."""
    return len(value) >= 8 and not _REFERENCE.search(value) and value.lower() not in ("disabled", "required")


def is_random(text: str) -> bool:
    """Whether it is one word that looks like a generated key."""
    if not _TOKEN.match(text) or not (
        re.search("[a-z]", text) and re.search("[A-Z]", text) and re.search(r"\d", text)
    ):
        return False
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values()) >= _RANDOM


def assigns_secret(text: str) -> bool:
    """Whether a line of a script or of settings gives a secret its value: `password: hunter2-hunter2`."""
    return any(
        is_secret_name(line["name"]) and is_given(line["value"]) and not _PLAIN_WORDS.match(line["value"])
        for line in _ASSIGNMENT.finditer(text)
    )


def decoded(text: str) -> str:
    """What is in base64, if it is; the text itself if it is not."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return text
