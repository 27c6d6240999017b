"""Private keys: making them, reading them, and every form in which the official plugin gives them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import ClassVar, Final, TypeAlias, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from local.plugins.base.computed import InputError, Made, Resource
from local.plugins.base.fields import Field, Fields
from local.plugins.base.values import Properties

Key: TypeAlias = "rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey"
SignatureHash: TypeAlias = "hashes.SHA256 | hashes.SHA384 | hashes.SHA512"

_CURVES: Final[Mapping[str, ec.EllipticCurve]] = {
    "P224": ec.SECP224R1(),
    "P256": ec.SECP256R1(),
    "P384": ec.SECP384R1(),
    "P521": ec.SECP521R1(),
}
_SIGNATURE_HASHES: Final[Mapping[int, SignatureHash]] = {384: hashes.SHA384(), 521: hashes.SHA512()}
_MIN_RSA_BITS: Final = 1024


class PrivateKey(Resource):
    """A key pair."""

    type_name: ClassVar[str] = "tls:index/privateKey:PrivateKey"
    fields: ClassVar[Fields] = {
        "algorithm": Field("string", required=True, one_of=("RSA", "ECDSA", "ED25519")),
        "ecdsaCurve": Field("string", default="P224", one_of=tuple(_CURVES)),
        "rsaBits": Field("integer", default=2048, minimum=_MIN_RSA_BITS),
    }
    computed: ClassVar[tuple[str, ...]] = (
        "privateKeyOpenssh",
        "privateKeyPem",
        "privateKeyPemPkcs8",
        "publicKeyFingerprintMd5",
        "publicKeyFingerprintSha256",
        "publicKeyOpenssh",
        "publicKeyPem",
    )
    secret: ClassVar[frozenset[str]] = frozenset({"privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"})

    def make(self, inputs: Properties) -> Made:
        key = _generate(inputs)
        public = _public_pem(key)
        return Made(hashlib.sha1(public.encode(), usedforsecurity=False).hexdigest(), _forms(key, public))


def read_key(pem: str, name: str) -> Key:
    """The private key in the PEM text of the input `name`. Raises InputError, without the text."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(f"{name} is not an unencrypted private key in PEM format") from None
    if isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
        return key
    raise InputError(f"{name} must be an RSA, ECDSA or ED25519 key, not {type(key).__name__}")


def algorithm(key: Key) -> str:
    """The official plugin's name for the kind of key."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def signature_hash(key: Key) -> SignatureHash | None:
    """What a signature by this key hashes with; Ed25519 brings its own."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _SIGNATURE_HASHES.get(key.key_size, hashes.SHA256())
    return hashes.SHA256()


def _generate(inputs: Properties) -> Key:
    if inputs["algorithm"] == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=cast("int", inputs["rsaBits"]))
    if inputs["algorithm"] == "ECDSA":
        return ec.generate_private_key(_CURVES[cast("str", inputs["ecdsaCurve"])])
    return ed25519.Ed25519PrivateKey.generate()


def _forms(key: Key, public: str) -> Properties:
    pkcs8 = _private_pem(key, PrivateFormat.PKCS8)
    traditional = (
        pkcs8
        if isinstance(key, ed25519.Ed25519PrivateKey)
        else _private_pem(key, PrivateFormat.TraditionalOpenSSL)
    )
    return {
        "privateKeyPem": traditional,
        "privateKeyPemPkcs8": pkcs8,
        "publicKeyPem": public,
        **_ssh_forms(key),
    }


def _ssh_forms(key: Key) -> Properties:
    """OpenSSH's formats; empty for P224, which OpenSSH does not have."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP224R1):
        names = (
            "privateKeyOpenssh",
            "publicKeyOpenssh",
            "publicKeyFingerprintMd5",
            "publicKeyFingerprintSha256",
        )
        return dict.fromkeys(names, "")
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    blob = base64.b64decode(line.split(" ")[1])
    md5 = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return {
        "privateKeyOpenssh": _private_pem(key, PrivateFormat.OpenSSH),
        "publicKeyOpenssh": f"{line}\n",
        "publicKeyFingerprintMd5": ":".join(md5[i : i + 2] for i in range(0, len(md5), 2)),
        "publicKeyFingerprintSha256": f"SHA256:{sha256}",
    }


def _private_pem(key: Key, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _public_pem(key: Key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
