"""The settings of a stack, read from its file as `pulumi` would read them."""

from __future__ import annotations

from typing import Any, cast

import yaml

from infra.settings import Settings, SettingsError, build
from infra.settings.load import NAMESPACE
from infra.settings.profiles import PROFILES
from infra.settings.settings import ProfileName
from local import paths
from local.progress import PhaseError

_SECRET = "not decrypted"  # noqa: S105 - it says just that


def settings_of(stack: str) -> Settings:
    """Settings of `Pulumi.<stack>.yaml`; secrets in it are not decrypted, as nothing here needs them.

    Raises:
        PhaseError: there is no such stack on AWS, or its settings are refused.
    """
    path = paths.REPO / f"Pulumi.{stack}.yaml"
    remedy = "For example: make preflight STACK=prod"
    if not stack or not path.exists():
        names = ", ".join(sorted(p.name.split(".")[1] for p in paths.REPO.glob("Pulumi.*.yaml")))
        raise PhaseError(
            f"STACK must be the name of a stack on AWS, not {stack!r}; there are {names}.", remedy
        )
    config = cast("dict[str, Any]", yaml.safe_load(path.read_text()).get("config") or {})
    sections = {key.partition(":")[2]: value for key, value in config.items() if key.startswith(NAMESPACE)}
    profile = sections.pop("profile", stack)
    if profile not in PROFILES or profile == "local":
        raise PhaseError(f"{path.name} is of profile {profile}, which has no AWS account.", remedy)
    try:
        return build(cast("ProfileName", profile), _opened(sections), about=f"stack {stack}")
    except SettingsError as error:
        raise PhaseError(
            f"{path.name} is refused before AWS is asked:\n"
            + "\n".join(f"      {p}" for p in error.problems),
            "Correct it first; docs/settings.md explains every setting.",
        ) from None


def _opened(value: Any) -> Any:
    """With a word in the place of everything encrypted (`secure: v1:…`)."""
    if not isinstance(value, dict):
        return [_opened(one) for one in cast("list[Any]", value)] if isinstance(value, list) else value
    tree = cast("dict[str, Any]", value)
    if set(tree) == {"secure"}:
        return _SECRET
    return {key: _opened(below) for key, below in tree.items()}
