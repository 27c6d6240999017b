"""Volumes that workloads claim in the cluster: on AWS, gp3 like every other disk."""

from __future__ import annotations

from infra.sizing.cost_lines import Component, Line
from infra.sizing.cost_machines import Disk, volume
from infra.sizing.cost_readers import Reader, Site
from infra.sizing.cost_resource import Resource, UndeterminedError
from infra.sizing.quantities import memory_bytes

_GIB = 2**30
_OWNERS: dict[str, Component] = {"clickhouse": "clickhouse", "inference": "inference"}
"""Part of a workload's name to what it belongs to."""


def _of(name: str) -> Component:
    for part, owner in _OWNERS.items():
        if part in name:
            return owner
    return "volumes"


def _gib(claim: Resource, path: str) -> float:
    asked = claim.text(path)
    try:
        return memory_bytes(asked) / _GIB
    except ValueError:
        raise UndeterminedError(f"{path} reads {asked!r}") from None


def _claim(claim: Resource, site: Site) -> list[Line]:
    disk = Disk(gib=_gib(claim, "spec.resources.requests.storage"))
    return volume(_of(claim.name), claim.name, disk, 1, site.prices)


def _set(workload: Resource, site: Site) -> list[Line]:
    count = int(workload.number("spec.replicas", 1))
    lines: list[Line] = []
    for number in range(len(workload.items("spec.volumeClaimTemplates"))):
        template = f"spec.volumeClaimTemplates.{number}"
        purpose = workload.text(f"{template}.metadata.name", "")
        disk = Disk(gib=_gib(workload, f"{template}.spec.resources.requests.storage"))
        lines += volume(_of(workload.name), f"{workload.name}: {purpose}", disk, count, site.prices)
    return lines


VOLUME_READERS: dict[str, Reader] = {
    "kubernetes:core/v1:PersistentVolumeClaim": _claim,
    "kubernetes:apps/v1:StatefulSet": _set,
}
"""By type token. A PersistentVolume is its claim's."""
