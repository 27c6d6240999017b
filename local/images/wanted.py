"""Which images the local stack runs: those of parts that it does without are neither built nor loaded."""

from __future__ import annotations

from typing import Any

import yaml

from local.images.specs import IMAGES
from local.paths import REPO


def wanted_images() -> tuple[str, ...]:
    """Names of images, as Pulumi.local.yaml is now."""
    config = (yaml.safe_load((REPO / "Pulumi.local.yaml").read_text()) or {}).get("config") or {}
    return tuple(
        spec.name
        for spec in IMAGES.values()
        if spec.wanted_by is None or _value(config, spec.wanted_by[0]) == spec.wanted_by[1]
    )


def _value(config: dict[str, Any], path: str) -> Any:
    """What `pulumi config get --path roost:<path>` would say."""
    section, _, rest = path.partition(".")
    found: Any = config.get(f"roost:{section}")
    for key in rest.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found
