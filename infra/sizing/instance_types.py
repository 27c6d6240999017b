"""What the name of an EC2 instance type says about it."""

from __future__ import annotations

import re
from typing import Literal

Architecture = Literal["x86_64", "arm64"]

_TYPE = re.compile(r"([a-z]+)(\d+)([a-z]*(?:-[a-z0-9]+)*)\.[a-z0-9-]+")
_NVIDIA_FAMILIES = {"g", "gr", "p"}


def architecture(instance_type: str) -> Architecture:
    """`g` after the generation means Graviton or Grace: m7g and p6e-gb200 are arm64, m7i and p6-b200 are not.

    ValueError for what does not read like an instance type.
    """
    return "arm64" if "g" in _parts(instance_type)[3] else "x86_64"


def has_nvidia_gpu(instance_type: str) -> bool:
    """The families g, gr and p carry NVIDIA's GPUs, but for g4ad (AMD). ValueError as `architecture`."""
    family, generation, options = _parts(instance_type).groups()
    return family in _NVIDIA_FAMILIES and f"{family}{generation}{options}" != "g4ad"


def ami_type(instance_types: tuple[str, ...], *, gpu: bool) -> str:
    """EKS's Amazon Linux 2023 image for these types; ValueError when they do not share an architecture."""
    kinds = {architecture(t) for t in instance_types}
    if len(kinds) != 1:
        raise ValueError(
            f"a node group boots one image, and {', '.join(instance_types)} mix arm64 and x86_64"
        )
    arm = kinds == {"arm64"}
    if gpu:
        return "AL2023_ARM_64_NVIDIA" if arm else "AL2023_x86_64_NVIDIA"
    return "AL2023_ARM_64_STANDARD" if arm else "AL2023_x86_64_STANDARD"


def _parts(instance_type: str) -> re.Match[str]:
    match = _TYPE.fullmatch(instance_type)
    if match is None:
        raise ValueError(f"{instance_type!r} does not read like an instance type such as m7g.large")
    return match
