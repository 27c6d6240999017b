"""The provider's own settings, as the program gives them to `aws.Provider`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from local.plugins.base.fields import Problem
from local.plugins.base.values import UNKNOWN, Value, has_unknown, plain

# What means something here. The others of the official plugin choose credentials, proxies and endpoints of
# real accounts: to accept them silently would pretend that they work.
_USED = ("region", "endpoints", "allowedAccountIds", "defaultTags", "s3UsePathStyle")
# Accepted, since a program gives them to the official plugin when that one talks to an emulated account.
_WITHOUT_EFFECT = (
    "accessKey",
    "secretKey",
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
)
# The engine's own entries among a provider's inputs.
_ENGINES = ("version", "pluginDownloadURL", "__internal")
_ELSEWHERE = (
    "Roost's fallback aws plugin works on an emulated account only; for a real one install the official "
    "plugin (`pulumi plugin install resource aws`)."
)


class SettingsError(Exception):
    """The provider cannot work as it is configured; the message is a sentence for the user."""


@dataclass(frozen=True)
class Settings:
    """Everything that the provider goes by."""

    region: str = ""
    endpoints: Mapping[str, str] = field(default_factory=dict[str, str])
    """URL by the service's name in the official provider (`ec2`, `logs`)."""
    allowed_account_ids: tuple[str, ...] = ()
    default_tags: Mapping[str, str] = field(default_factory=dict[str, str])
    s3_use_path_style: bool = False


def read(given: Mapping[str, Value]) -> Settings:
    """The settings of checked inputs; what is not known yet (in a preview) stays empty."""
    known = {name: _parsed(value) for name, value in given.items() if not has_unknown(value)}
    tags = cast("dict[str, Any]", known.get("defaultTags") or {}).get("tags") or {}
    return Settings(
        region=str(known.get("region") or ""),
        endpoints=_urls(known.get("endpoints")),
        allowed_account_ids=tuple(str(account) for account in known.get("allowedAccountIds") or ()),
        default_tags={str(key): str(value) for key, value in tags.items()},
        s3_use_path_style=known.get("s3UsePathStyle") in (True, "true"),
    )


def refusals(given: Mapping[str, Value]) -> list[Problem]:
    """Everything that is wrong with the provider's inputs."""
    return [
        *_unknown_names(given),
        *_wrong_shapes(given),
        *_region_problems(given),
        *_endpoint_problems(given),
    ]


def replaces(old: Settings, new: Settings) -> list[str]:
    """The changes after which no resource is where it was. An emulator's port is not such a change."""
    return ["region"] if old.region != new.region else []


def _unknown_names(given: Mapping[str, Value]) -> list[Problem]:
    known = (*_USED, *_WITHOUT_EFFECT, *_ENGINES)
    return [(name, f"{name} has no meaning here. {_ELSEWHERE}") for name in given if name not in known]


def _wrong_shapes(given: Mapping[str, Value]) -> list[Problem]:
    wanted = {"endpoints": list, "allowedAccountIds": list, "defaultTags": dict}
    found: list[Problem] = []
    for name, python in wanted.items():
        if name in given and not has_unknown(given[name]) and not isinstance(_parsed(given[name]), python):
            found.append((name, f"{name} must be a JSON {'list' if python is list else 'object'}"))
    return found


def _region_problems(given: Mapping[str, Value]) -> list[Problem]:
    if plain(given.get("region")):
        return []
    return [("region", "region is required: set it on the provider, or `pulumi config set aws:region`")]


def _endpoint_problems(given: Mapping[str, Value]) -> list[Problem]:
    if has_unknown(given.get("endpoints")):
        return []
    urls = _urls(_parsed(given.get("endpoints")))
    if not urls:
        return [("endpoints", f"endpoints is required: the emulated account's URL by service. {_ELSEWHERE}")]
    return [
        (f"endpoints.{service}", f"endpoints.{service} is {url!r}, which is not loopback. {_ELSEWHERE}")
        for service, url in urls.items()
        if not is_loopback(url)
    ]


def is_loopback(url: str) -> bool:
    """Whether `url` is HTTP on an address of this machine that no other machine can reach."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    try:
        return parts.hostname == "localhost" or ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def _urls(endpoints: Any) -> dict[str, str]:
    """One map of the list that the SDK sends: `[{"ec2": "http://…", "iam": "http://…"}]`."""
    items = cast("list[Any]", endpoints) if isinstance(endpoints, list) else []
    return {
        str(service): str(url)
        for item in items
        if isinstance(item, dict)
        for service, url in cast("dict[str, Any]", item).items()
        if url
    }


def _parsed(value: Value) -> Any:
    """The SDK sends every setting of a provider that is no string as JSON text."""
    found = plain(value)
    if found is UNKNOWN or not isinstance(found, str):
        return found
    try:
        parsed = json.loads(found)
    except ValueError:
        return found
    return cast("Any", parsed) if isinstance(parsed, (list, dict, bool)) else found
