"""The two images that the machine itself needs, built here because it can pull from nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.images.build import ImageBuild, build_all, wrap_binary
from local.progress import Progress
from local.toolchain import gobuild, versions


@dataclass(frozen=True)
class SystemImages:
    """References of the pod sandbox and of CoreDNS, and their archives by reference."""

    pause: str
    coredns: str
    archives: Mapping[str, Path]

    @classmethod
    def of(cls, pause: ImageBuild, coredns: ImageBuild) -> SystemImages:
        """From the two builds."""
        return cls(pause.ref, coredns.ref, {image.ref: image.archive for image in (pause, coredns)})


def coredns_image(progress: Progress) -> ImageBuild:
    """CoreDNS alone in an image.

    Raises:
        PhaseError: as the Go and image builders do.
    """
    return wrap_binary("coredns", gobuild.build(versions.NETWORK, progress) / "coredns", (), progress)


def build(progress: Progress) -> SystemImages:
    """Both, built where they are missing; raises as the builders do."""
    return SystemImages.of(build_all(progress, ["pause"])["pause"], coredns_image(progress))
