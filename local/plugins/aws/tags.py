"""Default tags: merged into what a resource gets, told apart from its own when it is read.

As in the official provider, the inputs hold `tags` (the program's own) and `tagsAll` (with the defaults,
where an own tag wins), so that a change of the default tags is a change of every resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.plugins.base.values import UNKNOWN, Properties, Value, has_unknown, plain


def with_all(inputs: Properties, defaults: Mapping[str, str]) -> Properties:
    """The inputs with `tagsAll`; not known while a tag is not."""
    own = inputs.get("tags")
    if has_unknown(own):
        return {**inputs, "tagsAll": UNKNOWN}
    tags = plain(own)
    merged: dict[str, Value] = {**defaults, **(tags if isinstance(tags, dict) else {})}
    return {**inputs, "tagsAll": merged}


def divided(
    observed: dict[str, Any], defaults: Mapping[str, str], own: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What `read` gave, its `tags` divided into the resource's own and all.

    A default tag is the resource's own only where the program repeats it (`own`).
    """
    if "tags" not in observed:
        return observed
    everything: dict[str, str] = observed["tags"] or {}
    mine = {
        key: value
        for key, value in everything.items()
        if defaults.get(key) != value or (own is not None and key in own)
    }
    return {**observed, "tags": mine, "tagsAll": everything}
