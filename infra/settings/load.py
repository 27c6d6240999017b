"""The one place that reads the stack's configuration, and the facts of the local platform."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pulumi

from infra.settings.build import build
from infra.settings.settings import Settings


def load_settings() -> Settings:
    """Settings of the running stack. Raises SettingsError before any resource exists."""
    config = pulumi.Config("roost")
    profile = config.get("profile") or pulumi.get_stack()
    sections = ("server", "database", "migration", "model", "edge", "namespace", "local", "aws")
    overrides: dict[str, Any] = {
        name: value for name in sections if (value := config.get_object(name)) is not None
    }
    platform = json.loads(platform_facts().read_text()) if profile == "local" else None
    return build(profile, overrides, platform)  # pyright: ignore[reportArgumentType]


def platform_facts() -> Path:
    """Where `make up` writes down what the local platform offers."""
    state = os.environ.get("ROOST_STATE") or Path.home() / ".local" / "state" / "roost"
    return Path(state) / "platform.json"
