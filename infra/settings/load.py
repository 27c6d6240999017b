"""The one place that reads the stack's configuration, and the facts of the local platform."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

import pulumi
from pulumi.runtime import config as runtime_config

from infra.settings.build import build
from infra.settings.errors import SettingsError
from infra.settings.explain import unknown_key
from infra.settings.profiles import PROFILES, Tree
from infra.settings.schema import keys_of
from infra.settings.settings import ProfileName, Settings

NAMESPACE = "roost"
"""Configuration keys of ours start with it, as the project is called so."""


def load_settings() -> Settings:
    """Settings of the running stack. Raises SettingsError before any resource exists."""
    config = pulumi.Config(NAMESPACE)
    stack = pulumi.get_stack()
    profile = _profile(config, stack)
    about = f"stack {stack}" if profile == stack else f"stack {stack} (profile {profile})"
    problems: list[str] = []
    overrides = _sections(config, problems)
    secret = frozenset(name for name in overrides if runtime_config.is_config_secret(f"{NAMESPACE}:{name}"))
    platform = read_platform_facts() if profile == "local" else None
    return build(profile, overrides, platform, about=about, secret_sections=secret, found=problems)


def read_platform_facts() -> dict[str, Any]:
    """What `make up` wrote down about the local platform. SettingsError says to run it where it has not."""
    path = platform_facts()
    try:
        facts: Any = json.loads(path.read_text())
    except FileNotFoundError:
        raise SettingsError(
            [f"the local platform is not there ({path} does not exist): run `make up`, which starts it."]
        ) from None
    except (OSError, ValueError) as error:
        raise SettingsError(
            [f"{path} cannot be read ({error}): run `make up`, which writes it anew."]
        ) from None
    if not isinstance(facts, dict):
        raise SettingsError([f"{path} does not hold a JSON object: run `make up`, which writes it anew."])
    return cast("dict[str, Any]", facts)


def platform_facts() -> Path:
    """Where `make up` writes; the same place as `local.paths.platform_facts()`, which a test compares."""
    state = os.environ.get("ROOST_STATE") or Path.home() / ".local" / "state" / "roost"
    return Path(state) / "platform.json"


def _profile(config: pulumi.Config, stack: str) -> ProfileName:
    given = config.get("profile")
    name = given if given is not None else stack
    if name in PROFILES:
        return name
    names = ", ".join(PROFILES)
    if given is not None:
        raise SettingsError(
            [f"`roost:profile` must be one of {names}, not {given!r}."], about=f"stack {stack}"
        )
    raise SettingsError(
        [
            (
                f"stack {stack} is not called like a profile ({names}), so it has to name the one whose "
                "defaults it takes: `pulumi config set roost:profile dev`."
            )
        ],
        about=f"stack {stack}",
    )


def _sections(config: pulumi.Config, problems: list[str]) -> Tree:
    """Every `roost:` key as an object; unknown keys and values of another shape go to `problems`."""
    known = keys_of(Settings)
    found: Tree = {}
    for key in sorted(_configured()):
        if key == "profile":
            continue
        if key not in known:
            problems.append(unknown_key(f"{NAMESPACE}:{key}", key, known))
            continue
        try:
            value = config.get_object(key)
        except pulumi.ConfigTypeError:
            value = None
        if isinstance(value, dict):
            found[key] = value
        else:
            problems.append(f"`{NAMESPACE}:{key}` must be a mapping of settings, as in docs/settings.md.")
    return found


def _configured() -> set[str]:
    prefix = f"{NAMESPACE}:"
    keys = {*runtime_config.CONFIG.get(), *runtime_config.get_config_env()}
    return {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}
