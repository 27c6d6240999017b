"""Settings as a stack would have them: the file in the repository, with single keys overridden."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import yaml

from infra.settings import Settings, SettingsError, build
from infra.settings.profiles import PROFILES, merged
from infra.settings.settings import ProfileName
from tests.support.program import PLATFORM

REPO = Path(__file__).resolve().parents[2]
STACKS = tuple(PROFILES)
REBUILT = "prod-dr"
"""The stack file of profile prod that replaces a stack in a lost region."""


def overrides_of(stack: str) -> dict[str, Any]:
    """The `roost:` sections of `Pulumi.<stack>.yaml`, without the prefix."""
    config = yaml.safe_load((REPO / f"Pulumi.{stack}.yaml").read_text())["config"]
    sections = {key.removeprefix("roost:"): value for key, value in config.items()}
    assert sections.pop("profile", stack) == profile_of(stack)
    return sections


def profile_of(stack: str) -> ProfileName:
    """Whose defaults its file is laid on."""
    return "prod" if stack == REBUILT else cast("ProfileName", stack)


def settings_of(stack: Any, changes: dict[str, Any] | None = None, **facts: Any) -> Settings:
    """Settings of the stack with `changes` laid over its file; `facts` replace keys of platform.json."""
    platform = {**PLATFORM, **facts} if stack == "local" else None
    return build(profile_of(stack), merged(overrides_of(stack), changes or {}), platform)


def problems_of(stack: str, changes: dict[str, Any], **facts: Any) -> tuple[str, ...]:
    """What is wrong with them; fails the test when nothing is."""
    try:
        settings_of(stack, changes, **facts)
    except SettingsError as error:
        return error.problems
    raise AssertionError(f"{stack} with {changes} was accepted")


def nested(path: str, value: Any) -> dict[str, Any]:
    """`nested("a.b", 1)` is `{"a": {"b": 1}}`."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value
