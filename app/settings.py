"""Everything the server reads from its environment: one frozen object, built once, checked before work."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator

from app import settings_names as names
from app.settings_base import SECRETS, Environment, SettingsError
from app.settings_database import DatabaseSettings, KeySettings
from app.settings_models import ModelSettings
from app.settings_telemetry import TelemetrySettings
from app.settings_tools import ToolSettings

URIS = ("LETTA_PG_URI", "LETTA_PG_URI_FILE", "LETTA_DB_URL")
PARTS = ("LETTA_PG_HOST", "LETTA_PG_PORT", "LETTA_PG_DB", "LETTA_PG_USER", "LETTA_PG_PASSWORD")


class Settings(KeySettings, ModelSettings, ToolSettings, TelemetrySettings):
    """The server's settings. Durations are seconds."""

    server_password: SecretStr = Field(
        alias="LETTA_SERVER_PASSWORD",
        min_length=8,
        description="The administrator's password, as a bearer token.",
    )

    listen_host: str = Field(default="0.0.0.0", alias="HOST", description="Address to listen on.")  # noqa: S104 (a container's server)
    listen_port: int = Field(default=8283, alias="PORT", ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(
        default=1, alias="LETTA_UVICORN_WORKERS", ge=1, le=64, description="Processes that answer requests."
    )
    rate_limit_per_minute: int = Field(
        default=120,
        alias="ROOST_RATE_LIMIT_PER_MINUTE",
        ge=0,
        le=10_000_000,
        description="Requests of one key per minute; 0 sets no limit.",
    )
    rate_limit_burst: int = Field(
        default=200,
        alias="ROOST_RATE_LIMIT_BURST",
        ge=1,
        le=10_000_000,
        description="Requests of one key at once.",
    )
    message_retention_days: int | None = Field(
        default=None,
        alias="ROOST_MESSAGE_RETENTION_DAYS",
        ge=1,
        le=36_500,
        description="Messages older than this are deleted; absent, none are.",
    )
    audit_retention_days: int = Field(
        default=365,
        alias="ROOST_AUDIT_RETENTION_DAYS",
        ge=1,
        le=36_500,
        description="Entries of the audit log older than this are deleted.",
    )

    busy_seconds: float = Field(
        default=0,
        alias="ROOST_AGENT_BUSY_WAIT_SECONDS",
        ge=0,
        le=300,
        description="How long a message waits for a busy agent before the answer is 409.",
    )
    drain_seconds: float = Field(
        default=60,
        alias="ROOST_DRAIN_SECONDS",
        ge=0,
        le=3600,
        description="After SIGTERM, how long work in flight may go on.",
    )
    keep_alive: int = Field(
        default=75,
        alias="LETTA_UVICORN_TIMEOUT_KEEP_ALIVE",
        ge=1,
        le=4000,
        description="How long an idle connection of a client stays open; longer than a load balancer's.",
    )
    track_provider_trace: bool = Field(
        default=False,
        alias="LETTA_TRACK_PROVIDER_TRACE",
        description="Keep what each step asked of its model, and the answer.",
    )
    ping_interval: float = Field(
        default=20,
        alias="LETTA_KEEPALIVE_INTERVAL",
        gt=0,
        le=300,
        description="Between the pings of a stream.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", alias="LETTA_LOG_LEVEL", description="Least severe lines of the log."
    )

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
