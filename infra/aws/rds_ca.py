"""The certificate authority that verifies a database of one region."""

from __future__ import annotations

from pathlib import Path

CA_IDENTIFIER = "rds-ca-rsa2048-g1"
"""What the instance asks RDS for; its root is what `ca_of` returns."""

_DIRECTORY = Path(__file__).resolve().parent / "rds-ca"


def ca_of(region: str) -> str:
    """PEM of the root of `CA_IDENTIFIER` in `region`; FileNotFoundError for a region that we do not carry."""
    return (_DIRECTORY / f"{region}.pem").read_text(encoding="ascii")
