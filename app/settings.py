"""Everything the server reads from its environment: one frozen object, built once, checked before work."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from app import settings_names as names
from app.settings_base import SECRETS, Environment, SettingsError
from app.settings_models import ModelSettings
from app.settings_tools import ToolSettings

URIS = ("LETTA_PG_URI", "LETTA_PG_URI_FILE", "LETTA_DB_URL")
PARTS = ("LETTA_PG_HOST", "LETTA_PG_PORT", "LETTA_PG_DB", "LETTA_PG_USER", "LETTA_PG_PASSWORD")

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class DatabaseSettings(Environment):
    """How to reach Postgres: `LETTA_PG_URI`, or its parts."""

    uri: SecretStr | None = Field(default=None, alias="LETTA_PG_URI")
    host: str = Field(default="localhost", alias="LETTA_PG_HOST")
    port: int = Field(default=5432, alias="LETTA_PG_PORT", ge=1, le=65535)
    database: str = Field(default="letta", alias="LETTA_PG_DB")
    user: str = Field(default="letta", alias="LETTA_PG_USER")
    password: SecretStr | None = Field(default=None, alias="LETTA_PG_PASSWORD")
    ssl_mode: SslMode | None = Field(default=None, alias="LETTA_PG_SSLMODE")
    ca_file: Path | None = Field(default=None, alias="LETTA_PG_CA_FILE")
    pool_size: int = Field(default=10, alias="LETTA_PG_POOL_SIZE", ge=1, le=200)
    pool_overflow: int = Field(default=0, alias="LETTA_PG_MAX_OVERFLOW", ge=0, le=200)
    pool_timeout: float = Field(default=2, alias="LETTA_PG_POOL_TIMEOUT", gt=0, le=300)
    pool_recycle: float = Field(default=300, alias="LETTA_PG_POOL_RECYCLE", ge=1, le=86_400)

    @model_validator(mode="after")
    def _tls(self) -> Self:
        if self.ca_file and not self.ca_file.is_file():
            raise ValueError(
                f"LETTA_PG_CA_FILE is {str(self.ca_file)!r}, which is not a file; mount the CA bundle there."
            )
        return self


class KeySettings(DatabaseSettings):
    """The keys of stored secrets; the previous one only decrypts, until `roost secrets rotate` is done."""

    encryption_key: SecretStr | None = Field(default=None, alias="LETTA_ENCRYPTION_KEY", min_length=16)
    previous_encryption_key: SecretStr | None = Field(
        default=None, alias="LETTA_ENCRYPTION_KEY_PREVIOUS", min_length=16
    )


class Settings(KeySettings, ModelSettings, ToolSettings):
    """The server's settings. Durations are seconds."""

    server_password: SecretStr = Field(alias="LETTA_SERVER_PASSWORD", min_length=8)

    listen_host: str = Field(default="0.0.0.0", alias="HOST")  # noqa: S104 (a container's server)
    listen_port: int = Field(default=8283, alias="PORT", ge=0, le=65535)
    workers: int = Field(default=1, alias="LETTA_UVICORN_WORKERS", ge=1, le=64)
    rate_limit_per_minute: int = Field(default=120, alias="ROOST_RATE_LIMIT_PER_MINUTE", ge=0, le=10_000_000)
    rate_limit_burst: int = Field(default=200, alias="ROOST_RATE_LIMIT_BURST", ge=1, le=10_000_000)
    message_retention_days: int | None = Field(
        default=None, alias="ROOST_MESSAGE_RETENTION_DAYS", ge=1, le=36_500
    )
    audit_retention_days: int = Field(default=365, alias="ROOST_AUDIT_RETENTION_DAYS", ge=1, le=36_500)

    busy_seconds: float = Field(default=0, alias="ROOST_AGENT_BUSY_WAIT_SECONDS", ge=0, le=300)
    drain_seconds: float = Field(default=60, alias="ROOST_DRAIN_SECONDS", ge=0, le=3600)
    keep_alive: int = Field(default=75, alias="LETTA_UVICORN_TIMEOUT_KEEP_ALIVE", ge=1, le=4000)
    track_provider_trace: bool = Field(default=False, alias="LETTA_TRACK_PROVIDER_TRACE")
    ping_interval: float = Field(default=20, alias="LETTA_KEEPALIVE_INTERVAL", gt=0, le=300)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", alias="LETTA_LOG_LEVEL")

    @field_validator("log_level", mode="before")
    @classmethod
    def _level(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level


def load_server() -> Settings:
    """Settings of `roost serve` from the environment. Raises SettingsError with a sentence per fault."""
    _check_names(os.environ, _aliases(Settings))
    return _build(Settings)


def load_database() -> DatabaseSettings:
    """Only the connection, for `roost db …`, which knows neither model nor server password."""
    _check_names(os.environ, _aliases(Settings))
    return _build(DatabaseSettings)


def load_keys() -> KeySettings:
    """The connection and the keys, for `roost secrets …`."""
    _check_names(os.environ, _aliases(Settings))
    return _build(KeySettings)


S = TypeVar("S", bound=DatabaseSettings)


def _build(kind: type[S]) -> S:
    try:
        return kind()
    except ValidationError as error:
        faults = [_sentence(fault) for fault in error.errors(include_url=False, include_input=False)]
        raise SettingsError("\n".join(faults)) from None


def _sentence(fault: Any) -> str:
    """One validation fault as a sentence, with the variable's name and never its value if it is secret."""
    if not fault["loc"]:
        return str(fault["msg"]).removeprefix("Value error, ")
    name = str(fault["loc"][0])
    if fault["type"] == "missing":
        also = f" (or {name}_FILE)" if name in SECRETS else ""
        return f"{name} is not set; set it{also} and start again."
    value = os.environ.get(name)
    given = "" if name in SECRETS or value is None else f" It was {value!r}."
    return f"{name} is not usable: {fault['msg']}.{given}"


def _aliases(kind: type[Environment]) -> set[str]:
    return {field.alias for field in kind.model_fields.values() if field.alias}


def _check_names(environ: Mapping[str, str], known: set[str]) -> None:
    """Refuse unknown LETTA_* names and names that contradict each other; say which do nothing."""
    fault = names.unknown(environ, known | {f"{name}_FILE" for name in SECRETS})
    fault = fault or names.contradiction(environ, SECRETS)
    uri = next((name for name in URIS if environ.get(name)), None)
    parts = [name for name in (*PARTS, "LETTA_PG_PASSWORD_FILE") if environ.get(name)]
    if uri and parts:
        fault = fault or f"{uri} and {', '.join(parts)} are both set; keep the URI or its parts."
    if fault:
        raise SettingsError(fault)
    for line in names.idle(environ):
        print(line, file=sys.stderr)
