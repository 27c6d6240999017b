"""What images there are: a Dockerfile, the files that it may copy, the base images that it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REGISTRY = "docker.io/roost"


@dataclass(frozen=True)
class ImageSpec:
    """One image of the project.

    `context` lists every path (relative to the repository) that the Dockerfile may copy; the build sees
    nothing else, so the content hash over these files cannot miss one. `bases` maps build arguments to base
    images (see base/packages.toml) for machines that cannot pull; elsewhere the Dockerfile's defaults hold.
    """

    name: str
    dockerfile: str
    context: tuple[str, ...]
    bases: Mapping[str, str]
    wanted_by: tuple[str, object] | None = None
    """A setting of Pulumi.local.yaml, as `cache.enabled`, and its value with which the stack runs this image;
    without one it always does."""


_PYTHON = {"BUILD_IMAGE": "build", "RUNTIME_IMAGE": "runtime"}

IMAGES = {
    spec.name: spec
    for spec in (
        ImageSpec("server", "app/Dockerfile", ("app", "migrations"), _PYTHON),
        ImageSpec(
            "postgres",
            "local/images/postgres/Dockerfile",
            ("local/images/postgres",),
            {"BUILD_IMAGE": "build", "RUNTIME_IMAGE": "postgres"},
        ),
        ImageSpec(
            "edge", "local/images/edge/Dockerfile", ("local/images/collect.py",), {"BUILD_IMAGE": "nginx"}
        ),
        ImageSpec("standin", "local/standin/Dockerfile", ("local/standin",), _PYTHON),
        ImageSpec(
            "cache",
            "local/images/cache/Dockerfile",
            ("local/images/collect.py",),
            {"BUILD_IMAGE": "redis"},
            wanted_by=("cache.enabled", True),
        ),
        ImageSpec(
            "clickhouse",
            "local/clickhouse/Dockerfile",
            ("local/clickhouse",),
            _PYTHON,
            wanted_by=("clickhouse.kind", "in-cluster"),
        ),
    )
}
