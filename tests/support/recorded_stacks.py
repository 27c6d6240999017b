"""What the program registers, in the form in which policy packs are shown it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.plugins.aws.schema import schema
from tests.support.monitor import UNKNOWN, Recording, Registration
from tests.support.policies import R


@dataclass(frozen=True)
class Shown:
    """One stack."""

    inputs: tuple[R, ...]
    """As resource policies see it: what the program says, with the provider's default tags merged in."""
    states: tuple[R, ...]
    """As stack policies see it: with what the provider computed, too."""


def shown(recording: Recording) -> Shown:
    """A recorded stack as the packs see it; unknown is what the recording has as unknown."""
    registered = recording.registrations
    return Shown(
        tuple(_resource(recording, one, one.inputs) for one in registered),
        tuple(_resource(recording, one, _state(recording, one)) for one in registered),
    )


def _state(recording: Recording, one: Registration) -> Mapping[str, Any]:
    """What the engine keeps; nothing at all while it cannot configure the resource's provider."""
    urn = one.provider.rpartition("::")[0]
    if urn and UNKNOWN in str(recording.by_urn(urn).inputs):
        return {}
    state = recording.states.get(one.urn, one.inputs)
    if state.get("id") == UNKNOWN and one.type.startswith("aws:"):
        # A preview: whatever the provider may fill in is unknown.
        return {**dict.fromkeys(schema(one.type).outputs, UNKNOWN), **state}
    return state


def _resource(recording: Recording, one: Registration, props: Mapping[str, Any]) -> R:
    urn = one.provider.rpartition("::")[0]
    provider = recording.by_urn(urn).inputs if urn else None
    return R(
        one.type,
        {**props, **_merged_tags(one, props, provider or {})},
        name=one.name,
        depends={key: tuple(urns) for key, urns in one.property_dependencies.items()},
        protect=one.protect,
        ignore_changes=one.ignore_changes,
        provider=provider,
        stack=one.urn.split(":")[2],
        parent=one.parent,
        recorded_urn=one.urn,
        after=tuple(one.dependencies),
    )


def _merged_tags(one: Registration, props: Mapping[str, Any], provider: Mapping[str, Any]) -> dict[str, Any]:
    """The aws provider merges its default tags into `tags` when it checks inputs."""
    if not one.type.startswith("aws:") or not schema(one.type).tagged:
        return {}
    default = provider.get("defaultTags") or "{}"
    tags = json.loads(default) if isinstance(default, str) else default
    own = props.get("tags") or {}
    return {"tags": own if isinstance(own, str) else {**tags.get("tags", {}), **own}}
