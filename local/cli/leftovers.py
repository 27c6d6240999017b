"""Objects that a killed `pulumi up` was creating when it died.

Its state knows that it had begun, not whether it got through; the object may be in the cluster, and the next
update would refuse it as somebody else's. Nothing was built on it yet, so it can be removed and made again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.cli import kubectl
from local.cli.platform import Target
from local.progress import Progress
from local.toolchain.pulumi import STACK

PREFIX = "kubernetes:"
DELETE_SECONDS = 120


@dataclass(frozen=True)
class Unfinished:
    """One Kubernetes object; `resource` as kubectl takes it, `Job.v1.batch`."""

    resource: str
    namespace: str | None
    name: str


def find(backend: Path) -> list[Unfinished]:
    """What the stack's checkpoint says was being created; an update that runs right now counts as well."""
    checkpoints = backend.glob(f".pulumi/stacks/*/{STACK}.json")
    return [item for path in checkpoints for item in unfinished(json.loads(path.read_text()))]


def remove(target: Target, found: Sequence[Unfinished], progress: Progress) -> None:
    """Delete half-made objects, where they are there at all. No update may be running.

    Raises:
        PhaseError: the cluster did not answer, or refused.
    """
    for item in found:
        progress.note(f"removing {item.resource.split('.')[0]} {item.name}, which an interrupted update left")
        place = ["-n", item.namespace] if item.namespace else []
        arguments = ["delete", item.resource, item.name, *place, "--ignore-not-found", "--wait"]
        kubectl.run(target, *arguments, seconds=DELETE_SECONDS)


def unfinished(checkpoint: Mapping[str, Any]) -> list[Unfinished]:
    """Kubernetes objects whose creation the checkpoint says had begun."""
    operations = (checkpoint["checkpoint"].get("latest") or {}).get("pending_operations") or []
    resources = [operation["resource"] for operation in operations if operation["type"] == "creating"]
    return [_object(resource) for resource in resources if resource["type"].startswith(PREFIX)]


def _object(resource: Mapping[str, Any]) -> Unfinished:
    group_version, _, kind = resource["type"].removeprefix(PREFIX).rpartition(":")
    group, _, version = group_version.rpartition("/")
    suffix = f".{version}.{group}" if group not in ("", "core") else ""
    metadata = resource["inputs"]["metadata"]
    return Unfinished(f"{kind}{suffix}", metadata.get("namespace"), metadata["name"])
