"""Texts that look like credentials. Nothing here ever returns what it found."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CREDENTIAL = re.compile(r"^(?:\w*(?:password|passwd|passphrase|secret|token|apikey)|pass|pwd|credentials?)$")
_KEYS = frozenset(("api", "access", "private", "secret", "signing", "encryption", "auth", "license"))
_ABOUT = re.compile(
    r"^(?:file|path|dir|directory|name|id|arn|ref|reference|url|uri|ttl|timeout|seconds|minutes|days|length"
    r"|limits?|count|max|min|size|expiry|expiration|policy|enabled|required|type|encryption|hash|hex|mode"
    r"|provider|class|key|rotation|header|prefix|py)$"
)
"""Last words of names that say something about a credential, or hold code about it, and are none."""
_STANDS_FOR = re.compile(
    r"^(?:[$`].*|\{\{.*|<[^>]*>|%\(.*|/.*|arn:aws[\w-]*:.*|(?:env|file|vault|secret|awssm|ssm):.*"
    r"|https?://.*|\*+|x{3,}|[01]|true|false|yes|no|on|off|none|null|nil|~|disabled?|enabled?|optional"
    r"|required"
    r"|\[\]|\{\}|[|>][+-]?)$",
    re.IGNORECASE,
)
_PEM = ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")
"""Kinds of private keys."""


def _encoded(kind: str) -> str:
    """How a private key of that kind begins in base64, up to what depends on the bytes after it."""
    line = f"-----BEGIN {kind}PRIVATE KEY-----"
    return base64.b64encode(line[: len(line) // 3 * 3].encode()).decode()


_FORMATS = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY-----|" + "|".join(map(re.escape, map(_encoded, _PEM))) + "|"
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS access keys
    r"|\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22}|\bglpat-[A-Za-z0-9_-]{20}"
    r"|\bxox[abeprs]-[A-Za-z0-9-]{10}"  # Slack
    r"|\bsk-[A-Za-z0-9_-]{20}|\bhf_[A-Za-z0-9]{30}"  # model providers
    r"|\b[rs]k_live_[A-Za-z0-9]{16}|\bAIza[A-Za-z0-9_-]{35}"
    r"|\beyJ[\w-]{8,4096}\.eyJ[\w-]{8,8192}\.[\w-]{8}"  # JSON web tokens
    r"|\b(?:[Bb]earer|[Bb]asic) +(?=[A-Za-z._~+/-]{0,64}\d)[A-Za-z0-9._~+/-]{16}"
)
_IN_ADDRESS = re.compile(r"://[^/\s:@]{0,256}:([^/\s@]{1,256})@")
_COMMENT = re.compile(r"^[ \t]*(?:#|//).*$", re.MULTILINE)
_ASSIGNMENT = re.compile(
    r"(?<![\w.])([A-Za-z][\w.-]{1,80})[\"']?[ \t]{0,20}[:=][ \t]{0,200}[\"']?([^\s\"'#,][^\s\"',]{0,200})"
)
_CODE = re.compile(r"^[A-Za-z_]\w*(?:(?:\.[A-Za-z_]\w*)+[(\[]?|[(\[]).*$")
"""What a program assigns without quotes: `settings.password`, `ask("…")`."""
_IN_PYTHON = re.compile(
    r"(?<![\w.])([A-Za-z]\w{1,80})[ \t]{0,20}(?::[^=\n]{1,80})?=[ \t]{0,20}[\"']([^\"'\n]{1,200})[\"']"
)
"""There `token: str` declares a name, and what is not quoted is computed."""
_GENERATED = re.compile(r"^(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9+/_=-]{32,512}$")
_RANDOM = 4.3
"""Bits a character: generators of letters and digits are above it, what people write is below."""
_ELEMENT = re.compile(r"<([A-Za-z][\w.-]{1,80})>([^<\s]{1,200})</")


def is_credential_name(name: str) -> bool:
    """Whether what is called so is a credential: `DB_PASSWORD`, `apiKey`; not `DB_PASSWORD_FILE`."""
    words = [word.lower() for word in _WORD.findall(name)]
    if len(words) == 1 and words[0] in ("pwd", "pass"):
        return False  # the working directory, and a verb
    while words and words[-1].isdigit():
        words.pop()
    if len(words) > 1 and words[-1] == "key" and words[-2] in _KEYS:
        return True
    return bool(words) and not _ABOUT.match(words[-1]) and any(map(_CREDENTIAL.match, words))


def is_literal(text: str) -> bool:
    """Whether a text is a value of its own; not a path, a reference or a placeholder for one."""
    text = text.strip().strip("\"'")
    return bool(text) and not _STANDS_FOR.match(text)


def is_generated(text: str) -> bool:
    """Whether it is one word that looks like a generated key: long, mixed and without a pattern."""
    if not _GENERATED.match(text):
        return False
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares) >= _RANDOM


def has_format(text: str) -> bool:
    """Whether a key, token or password stands in it that one can tell by its format, or by its address."""
    return bool(_FORMATS.search(text)) or any(is_literal(found[1]) for found in _IN_ADDRESS.finditer(text))


def has_credential(text: str, file: str = "") -> bool:
    """Whether a script or document has a key, password or token written into it.

    By its format, in an address, or assigned to a name that says so. A reference to one (`$PASSWORD`,
    `$(aws …)`, an ARN, a path, another variable) is none. `file` is what the document is called.
    """
    if has_format(text):
        return True
    said = _COMMENT.sub("", text)
    return any(
        is_credential_name(found[1]) and is_literal(found[2]) and not _CODE.match(found[2])
        for pattern in ((_IN_PYTHON,) if file.endswith(".py") else (_ASSIGNMENT, _ELEMENT))
        for found in pattern.finditer(said)
    )


def decoded(text: str) -> str:
    """What is in base64, if it is; the text itself if it is not."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return text
