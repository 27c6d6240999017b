"""Secrets at rest: AES-256-GCM under a key derived once per process from LETTA_ENCRYPTION_KEY.

A stored secret is `v1:<key id>:<nonce and ciphertext in base64>`. It lives in a text column whose name ends
in `_enc`; `roost secrets rotate` finds those columns by that name.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import SecretStr

from app.errors import AppError, BadRequest

VERSION = "v1"
NONCE_BYTES = 12


class UnreadableSecretError(AppError):
    """A stored secret cannot be decrypted with the keys that the server has."""

    retry = False


@dataclass(frozen=True)
class Key:
    """One key: what it encrypts with, and the id by which ciphertexts name it."""

    id: str
    aead: Any

    @classmethod
    def derive(cls, secret: SecretStr) -> Key:
        """The key of a setting's text. Derivation is HKDF: the setting is a random text, not a password."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        def expand(purpose: bytes, length: int) -> bytes:
            kdf = HKDF(hashes.SHA256(), length=length, salt=None, info=b"roost secrets " + purpose)
            return kdf.derive(secret.get_secret_value().encode())

        return cls(expand(b"id", 4).hex(), AESGCM(expand(b"key", 32)))

    @property
    def prefix(self) -> str:
        """How every ciphertext of this key begins."""
        return f"{VERSION}:{self.id}:"


class Cipher:
    """Encrypts with the current key; decrypts with it or with the previous one. Cheap until first used."""

    def __init__(self, current: SecretStr | None, previous: SecretStr | None = None) -> None:
        self._current_secret, self._previous_secret = current, previous

    @cached_property
    def current(self) -> Key:
        """The key of new ciphertexts. Raises BadRequest when the server has none."""
        if self._current_secret is None:
            raise BadRequest("This server keeps no secrets: it has no LETTA_ENCRYPTION_KEY. Set one.")
        return Key.derive(self._current_secret)

    @cached_property
    def _keys(self) -> dict[str, Key]:
        known = [self.current]
        if self._previous_secret is not None:
            known.append(Key.derive(self._previous_secret))
        return {key.id: key for key in known}

    def encrypt(self, text: str) -> str:
        """The text as it may be stored; different each time."""
        prefix, nonce = self.current.prefix, secrets.token_bytes(NONCE_BYTES)
        sealed = self.current.aead.encrypt(nonce, text.encode(), prefix.encode())
        return prefix + base64.b64encode(nonce + sealed).decode()

    def decrypt(self, stored: str) -> str:
        """What `encrypt` was given. Raises UnreadableSecretError; the message never holds the value."""
        from cryptography.exceptions import InvalidTag

        version, _, rest = stored.partition(":")
        key_id, _, body = rest.partition(":")
        if version != VERSION:
            raise UnreadableSecretError("A stored secret has a format that this version does not know.")
        key = self._keys.get(key_id)
        if key is None:
            raise UnreadableSecretError(
                f"A stored secret was encrypted with key {key_id!r}, which the server does not have;"
                " give that key as LETTA_ENCRYPTION_KEY_PREVIOUS."
            )
        try:
            sealed = base64.b64decode(body, validate=True)
            text = key.aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], key.prefix.encode())
        except (binascii.Error, ValueError, InvalidTag):
            raise UnreadableSecretError("A stored secret was changed since it was encrypted.") from None
        return text.decode()
