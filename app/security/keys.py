"""Keys of users: random enough that a plain digest keeps them, and only the digest is stored."""

from __future__ import annotations

import hashlib
import secrets

PREFIX = "sk-"
LENGTH = len(PREFIX) + 43
"""32 bytes in URL-safe base64, without padding."""

HINT_LENGTH = 7


def new() -> str:
    """A fresh key of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def is_key(credential: bytes) -> bool:
    """Whether this could be a key; what cannot is not asked for in the database."""
    return credential.startswith(PREFIX.encode()) and len(credential) == LENGTH


def digest(credential: bytes) -> bytes:
    """What is stored and compared. 256 random bits need neither salt nor stretching."""
    return hashlib.sha256(credential).digest()


def hint(key: str) -> str:
    """The key's first characters, to tell it from others."""
    return key[:HINT_LENGTH]
