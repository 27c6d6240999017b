"""How settings are read: from the environment, from files of secrets, and under their other names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.settings_names import FALLBACKS, SAME

SECRETS = (
    "LETTA_PG_URI",
    "LETTA_PG_PASSWORD",
    "LETTA_SERVER_PASSWORD",
    "LETTA_ENCRYPTION_KEY",
    "LETTA_ENCRYPTION_KEY_PREVIOUS",
    "VLLM_API_KEY",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "EMBEDDING_API_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
)
"""Each may be given as `<NAME>_FILE`, the path of a file that holds it."""


class SettingsError(Exception):
    """The environment cannot be served from; the message says which variable and what to do."""


class Environment(BaseSettings):
    """Base of all settings."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=True, populate_by_name=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _Files(settings_cls), _Synonyms(settings_cls)


class _Source(PydanticBaseSettingsSource):
    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # the base class wants it; __call__ does not use it


class _Files(_Source):
    """`<NAME>_FILE` for every secret, so that passwords need not be in the environment."""

    def __call__(self) -> dict[str, str]:
        return {name: read(name, path) for name in SECRETS if (path := os.environ.get(f"{name}_FILE"))}


class _Synonyms(_Source):
    """Other names of a setting, for when it is not given under its own."""

    def __call__(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for other, name in (SAME | FALLBACKS).items():
            if value := os.environ.get(other):
                found.setdefault(name, value)
        return found


def read(name: str, path: str) -> str:
    """A file's text without its last line's end. Raises SettingsError."""
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{name}_FILE is {path!r}, which cannot be read: {reason}.") from None
