"""bcrypt from the C library's crypt(3), which every Debian has; the standard library lost it with 3.13."""

from __future__ import annotations

import ctypes
import secrets
import threading

_COST = 10
_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SALT_LENGTH = 22
# bcrypt reads no further, and the official plugin cuts there as well.
_MAX_BYTES = 72
_LOCK = threading.Lock()  # crypt(3) answers in a static buffer


def bcrypt_hash(password: str) -> str | None:
    """The hash, with a fresh salt; None where the C library has no bcrypt."""
    # The last character carries two bits only; the ones that crypt(3) takes there are these.
    salt = "".join(secrets.choice(_ALPHABET) for _ in range(_SALT_LENGTH - 1)) + secrets.choice(".Oeu")
    try:
        crypt = ctypes.CDLL("libcrypt.so.1").crypt
    except (OSError, AttributeError):
        return None
    crypt.argtypes, crypt.restype = [ctypes.c_char_p, ctypes.c_char_p], ctypes.c_char_p
    with _LOCK:
        hashed: bytes | None = crypt(password.encode()[:_MAX_BYTES], f"$2a${_COST}${salt}".encode())
    return hashed.decode() if hashed and hashed.startswith(b"$2a$") else None
