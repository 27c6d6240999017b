"""From a profile, a stack's own values and the platform's facts to checked settings."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from infra.settings.errors import SettingsError, problems_of
from infra.settings.profiles import PROFILES, Tree, merged
from infra.settings.settings import ProfileName, Settings


def build(profile: ProfileName, overrides: Tree, platform: dict[str, Any] | None) -> Settings:
    """Merge and check; keys are camelCase as in YAML, `platform` is the content of platform.json (local only).

    Raises SettingsError with every problem at once.
    """
    tree: Tree = {"profile": profile, **merged(PROFILES[profile], overrides)}
    if platform is not None:
        tree["local"] = {**tree.get("local", {}), "platform": platform}
    try:
        return Settings.model_validate(tree, by_alias=True, by_name=False)
    except ValidationError as error:
        raise SettingsError(problems_of(error)) from None
