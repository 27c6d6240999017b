"""The two images that the machine itself needs, built here because it can pull from nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.images.build import build_all, wrap_binary
from local.progress import Progress
from local.toolchain import gobuild, versions


@dataclass(frozen=True)
class SystemImages:
    """References of the pod sandbox and of CoreDNS, and their archives by reference."""

    pause: str
    coredns: str
    archives: Mapping[str, Path]


def build(progress: Progress) -> SystemImages:
    """Build what is missing.

    Raises:
        PhaseError: as the Go and image builders do.
    """
    pause = build_all(progress, ["pause"])["pause"]
    binary = gobuild.build(versions.NETWORK, progress) / "coredns"
    coredns = wrap_binary("coredns", binary, [], progress)
    return SystemImages(pause.ref, coredns.ref, {pause.ref: pause.archive, coredns.ref: coredns.archive})
