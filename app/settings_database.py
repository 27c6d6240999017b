"""Settings of the database: where it is, the pool, and the keys of what is encrypted in it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from app.settings_base import Environment

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class DatabaseSettings(Environment):
    """How to reach Postgres: `LETTA_PG_URI`, or its parts."""

    uri: SecretStr | None = Field(
        default=None,
        alias="LETTA_PG_URI",
        description="Postgres as a `postgresql://` URI, with login and password in it. Replaces its parts.",
    )
    host: str = Field(default="localhost", alias="LETTA_PG_HOST", description="Host of Postgres.")
    port: int = Field(default=5432, alias="LETTA_PG_PORT", ge=1, le=65535, description="Its port.")
    database: str = Field(default="letta", alias="LETTA_PG_DB", description="The database.")
    user: str = Field(default="letta", alias="LETTA_PG_USER", description="The login.")
    password: SecretStr | None = Field(default=None, alias="LETTA_PG_PASSWORD", description="Its password.")
    ssl_mode: SslMode | None = Field(default=None, alias="LETTA_PG_SSLMODE", description="libpq's sslmode.")
    ca_file: Path | None = Field(
        default=None, alias="LETTA_PG_CA_FILE", description="PEM of the authorities that verify Postgres."
    )
    pool_size: int = Field(
        default=10,
        alias="LETTA_PG_POOL_SIZE",
        ge=1,
        le=200,
        description="Connections of a worker at most, without the overflow.",
    )
    pool_overflow: int = Field(
        default=0,
        alias="LETTA_PG_MAX_OVERFLOW",
        ge=0,
        le=200,
        description="Connections that a worker may open besides when it is busy.",
    )
    pool_timeout: float = Field(
        default=2,
        alias="LETTA_PG_POOL_TIMEOUT",
        gt=0,
        le=300,
        description="Longest wait for a free connection; then the answer is 503.",
    )
    pool_recycle: float = Field(
        default=300,
        alias="LETTA_PG_POOL_RECYCLE",
        ge=1,
        le=86_400,
        description="An unused connection is closed after this time.",
    )

    @model_validator(mode="after")
    def _tls(self) -> Self:
        if self.ca_file and not self.ca_file.is_file():
            raise ValueError(
                f"LETTA_PG_CA_FILE is {str(self.ca_file)!r}, which is not a file; mount the CA bundle there."
            )
        return self


class KeySettings(DatabaseSettings):
    """The keys of stored secrets; the previous one only decrypts, until `roost secrets rotate` is done."""

    encryption_key: SecretStr | None = Field(
        default=None,
        alias="LETTA_ENCRYPTION_KEY",
        min_length=16,
        description="What secrets of users are encrypted with.",
    )
    previous_encryption_key: SecretStr | None = Field(
        default=None,
        alias="LETTA_ENCRYPTION_KEY_PREVIOUS",
        min_length=16,
        description="The key before; it only decrypts, until `roost secrets rotate` is done.",
    )
