"""Everything the server reads from its environment: one frozen object, built once, checked before work."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

SECRETS = (
    "LETTA_PG_URI",
    "LETTA_PG_PASSWORD",
    "LETTA_SERVER_PASSWORD",
    "LETTA_ENCRYPTION_KEY",
    "LETTA_ENCRYPTION_KEY_PREVIOUS",
    "VLLM_API_KEY",
    "EMBEDDING_API_KEY",
)
"""Each may be given as `<NAME>_FILE`, the path of a file that holds it."""

CLIENT_NAMES = ("LETTA_API_KEY", "LETTA_BASE_URL", "LETTA_CUSTOM_HEADERS")
"""Read by letta-client, which may share a shell with us; not ours to refuse."""

PARTS = ("LETTA_PG_HOST", "LETTA_PG_PORT", "LETTA_PG_DB", "LETTA_PG_USER", "LETTA_PG_PASSWORD")

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class SettingsError(Exception):
    """The environment cannot be served from; the message says which variable and what to do."""


class _SecretFiles(PydanticBaseSettingsSource):
    """`<NAME>_FILE` for every secret, so that passwords need not be in the environment."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # the base class wants it; __call__ does not use it

    def __call__(self) -> dict[str, str]:
        return {name: _read(name, path) for name in SECRETS if (path := os.environ.get(f"{name}_FILE"))}


class DatabaseSettings(BaseSettings):
    """How to reach Postgres: `LETTA_PG_URI`, or its parts."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=True, populate_by_name=True)

    uri: SecretStr | None = Field(default=None, alias="LETTA_PG_URI")
    host: str = Field(default="localhost", alias="LETTA_PG_HOST")
    port: int = Field(default=5432, alias="LETTA_PG_PORT", ge=1, le=65535)
    database: str = Field(default="letta", alias="LETTA_PG_DB")
    user: str = Field(default="letta", alias="LETTA_PG_USER")
    password: SecretStr | None = Field(default=None, alias="LETTA_PG_PASSWORD")
    ssl_mode: SslMode | None = Field(default=None, alias="LETTA_PG_SSLMODE")
    ca_file: Path | None = Field(default=None, alias="LETTA_PG_CA_FILE")
    pool_size: int = Field(default=10, alias="LETTA_PG_POOL_SIZE", ge=1, le=200)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls)

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


class Settings(KeySettings):
    """The server's settings. Durations are seconds."""

    server_password: SecretStr = Field(alias="LETTA_SERVER_PASSWORD", min_length=8)

    model_base_url: str = Field(alias="VLLM_API_BASE")
    model_api_key: SecretStr | None = Field(default=None, alias="VLLM_API_KEY")
    default_model: str = Field(alias="LETTA_DEFAULT_LLM_HANDLE", pattern=r"^[^/\s]+/\S+$")
    context_window: int = Field(default=128_000, alias="GLOBAL_MAX_CONTEXT_WINDOW_LIMIT", ge=4096)
    model_timeout: float = Field(default=600, alias="LETTA_LLM_STREAM_TIMEOUT_SECONDS", ge=1, le=3600)
    model_idle_timeout: float = Field(default=60, alias="LETTA_LLM_REQUEST_TIMEOUT_SECONDS", ge=1, le=1800)

    embedding_base_url: str | None = Field(default=None, alias="EMBEDDING_API_BASE")
    embedding_api_key: SecretStr | None = Field(default=None, alias="EMBEDDING_API_KEY")
    default_embedding: str | None = Field(
        default=None, alias="LETTA_DEFAULT_EMBEDDING_HANDLE", pattern=r"^[^/\s]+/\S+$"
    )
    embedding_dim: int | None = Field(default=None, alias="LETTA_EMBEDDING_DIM", ge=1, le=16_000)

    listen_host: str = Field(default="0.0.0.0", alias="HOST")  # noqa: S104 (a container's server)
    listen_port: int = Field(default=8283, alias="PORT", ge=0, le=65535)
    workers: int = Field(default=1, alias="LETTA_UVICORN_WORKERS", ge=1, le=64)
    rate_limit_per_minute: int = Field(default=120, alias="ROOST_RATE_LIMIT_PER_MINUTE", ge=0, le=10_000_000)
    rate_limit_burst: int = Field(default=200, alias="ROOST_RATE_LIMIT_BURST", ge=1, le=10_000_000)
    audit_retention_days: int = Field(default=365, alias="ROOST_AUDIT_RETENTION_DAYS", ge=1, le=36_500)

    drain_seconds: float = Field(default=60, alias="ROOST_DRAIN_SECONDS", ge=0, le=3600)
    keep_alive: int = Field(default=75, alias="LETTA_UVICORN_TIMEOUT_KEEP_ALIVE", ge=1, le=4000)
    ping_interval: float = Field(default=20, alias="LETTA_KEEPALIVE_INTERVAL", gt=0, le=300)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", alias="LETTA_LOG_LEVEL")

    @model_validator(mode="after")
    def _embedding(self) -> Self:
        given = (self.embedding_base_url, self.default_embedding, self.embedding_dim)
        if any(given) and not all(given):
            raise ValueError(
                "EMBEDDING_API_BASE, LETTA_DEFAULT_EMBEDDING_HANDLE and LETTA_EMBEDDING_DIM belong together: "
                "set all three for archival memory, or none."
            )
        return self


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


def _aliases(kind: type[BaseSettings]) -> set[str]:
    return {field.alias for field in kind.model_fields.values() if field.alias}


def _check_names(environ: Mapping[str, str], known: set[str]) -> None:
    """Refuse unknown LETTA_* names and names that contradict each other."""
    allowed = known | {f"{name}_FILE" for name in SECRETS} | set(CLIENT_NAMES)
    for name in sorted(environ):
        if name.startswith("LETTA_") and name not in allowed:
            near = difflib.get_close_matches(name, allowed, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise SettingsError(f"{name} is not a setting of this server.{hint} Correct or remove it.")
    for name in SECRETS:
        if environ.get(name) and environ.get(f"{name}_FILE"):
            raise SettingsError(f"{name} and {name}_FILE are both set; keep one of them.")
    uri = environ.get("LETTA_PG_URI") or environ.get("LETTA_PG_URI_FILE")
    parts = [name for name in (*PARTS, "LETTA_PG_PASSWORD_FILE") if environ.get(name)]
    if uri and parts:
        raise SettingsError(f"LETTA_PG_URI and {', '.join(parts)} are both set; keep the URI or its parts.")


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{name}_FILE is {path!r}, which cannot be read: {reason}.") from None
