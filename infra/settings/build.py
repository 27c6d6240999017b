"""From a profile, a stack's own values and the platform's facts to checked settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from infra.settings.errors import SettingsError
from infra.settings.explain import problems_of
from infra.settings.local import PlatformFacts
from infra.settings.profiles import PROFILES, Tree, merged
from infra.settings.rules import contradictions
from infra.settings.settings import ProfileName, Settings
from infra.settings.urls import seen_from_pods


def build(
    profile: ProfileName,
    overrides: Tree,
    platform: dict[str, Any] | None = None,
    *,
    about: str = "",
    secret_sections: frozenset[str] = frozenset(),
    found: Sequence[str] = (),
) -> Settings:
    """Merge, check, and resolve what depends on the platform.

    Keys are camelCase as in YAML; `platform` is the content of platform.json, for `local` only; `found` are
    problems that the caller knows already. Raises SettingsError with every wrong key and value at once or,
    when there is none, every contradiction between settings that are each right.
    """
    tree: Tree = {"profile": profile, **merged(PROFILES[profile], overrides)}
    problems = [*found, *_misplaced(profile, overrides)]
    if profile == "local":
        tree["local"] = {**tree["local"], "platform": _facts(platform or {})}
    try:
        settings = Settings.model_validate(tree, by_alias=True, by_name=False)
    except ValidationError as error:
        raise SettingsError([*problems, *problems_of(error, secret_sections)], about=about) from None
    problems += contradictions(settings)
    if problems:
        raise SettingsError(problems, about=about)
    return _resolved(settings)


def _misplaced(profile: ProfileName, overrides: Tree) -> list[str]:
    """Sections that mean nothing in this profile, and facts that are not for a stack file to state."""
    other = "aws" if profile == "local" else "local"
    problems = (
        [f"`roost:{other}` means nothing in profile {profile}: remove it."] if other in overrides else []
    )
    local = overrides.get("local")
    if isinstance(local, dict) and "platform" in local:
        problems.append("`roost:local.platform` is written by `make up` and cannot be set: remove it.")
    return problems


def _facts(platform: dict[str, Any]) -> PlatformFacts:
    try:
        return PlatformFacts.model_validate(platform, by_alias=True, by_name=False)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, detail["loc"])) for detail in error.errors(include_input=False))
        raise SettingsError(
            [
                (
                    f"platform.json was written by another version of this program ({wrong}): run `make "
                    "up`, which writes it anew."
                )
            ]
        ) from None


def _resolved(settings: Settings) -> Settings:
    if settings.local is None:
        return settings
    facts = settings.local.platform
    server, model = settings.server, settings.model
    if server.image is None:
        server = server.model_copy(update={"image": facts.images.server})
    embedding = model.embedding.model_copy(update={"base_url": _from_pods(model.embedding.base_url, facts)})
    model = model.model_copy(update={"base_url": _from_pods(model.base_url, facts), "embedding": embedding})
    return settings.model_copy(update={"server": server, "model": model})


def _from_pods(url: str | None, facts: PlatformFacts) -> str | None:
    if url is None or facts.host_address is None:
        return url
    return seen_from_pods(url, facts.host_address)
