"""Settings of the image registry, and of the build where the stack builds the server itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.settings.base import Section

ImagePlatform = Literal["linux/amd64", "linux/arm64"]


class ImagesSettings(Section):
    """ECR. Only dev builds: prod runs exactly the bytes that were tested."""

    platforms: tuple[ImagePlatform, ...] = Field(
        default=("linux/amd64", "linux/arm64"),
        min_length=1,
        description=(
            "What the stack builds the server for when server.image is absent; the nodes' among them. One "
            "that is not the builder's own is emulated, which is slow."
        ),
    )
    replicate: bool = Field(
        default=False,
        description=(
            "Copy every push of Roost's repositories to drRegion. ECR knows one replication setting for the "
            "whole account and region, which this replaces: say true in stacks with the same drRegion only, "
            "and in none where the account already has rules of its own (add `roost-` to those instead)."
        ),
    )
