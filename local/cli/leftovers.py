"""Objects that a killed `pulumi up` was creating when it died.

Its state knows that it had begun, not whether it got through; the object may be in the cluster, and the next
update would refuse it as somebody else's. What that update provably made itself, and what holds no data, is
removed and made again; about anything else people have to decide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from local.cli import kubectl
from local.cli.platform import Target
from local.progress import PhaseError, Progress
from local.toolchain.pulumi import STACK

PREFIX = "kubernetes:"
DEFAULT = "default/"
DELETE_SECONDS = 120
MANAGER = "pulumi-kubernetes-"
"""How the names begin under which Pulumi's Kubernetes provider, and our fallback, own fields."""
HOLDS_DATA = ("Namespace", "PersistentVolume", "PersistentVolumeClaim")


@dataclass(frozen=True)
class Unfinished:
    """One Kubernetes object; `resource` as kubectl takes it, `Job.v1.batch`."""

    resource: str
    namespace: str | None
    name: str

    @property
    def kind(self) -> str:
        return self.resource.split(".")[0]

    def arguments(self) -> list[str]:
        """Which object, for kubectl."""
        return [self.resource, self.name, *(["-n", self.namespace] if self.namespace else [])]


def find(backend: Path) -> list[Unfinished]:
    """What the stack's checkpoint says was being created; an update that runs right now counts as well."""
    checkpoints = backend.glob(f".pulumi/stacks/*/{STACK}.json")
    return [item for path in checkpoints for item in unfinished(json.loads(path.read_text()))]


def remove(target: Target, found: Sequence[Unfinished], began: datetime | None, progress: Progress) -> None:
    """Delete half-made objects, where they are there at all. No update may be running.

    `began` is when the interrupted update did, None when nobody knows.

    Raises:
        PhaseError: the cluster did not answer, or refused; or an object is not provably of that update or
            may hold data. Then nothing has been deleted.
    """
    present = [(item, live) for item in found if (live := _live(target, item)) is not None]
    for item, live in present:
        if reason := why_kept(item, live, began):
            raise _undecided(item, reason)
    for item, _ in present:
        progress.note(f"removing {item.kind} {item.name}, which an interrupted update left")
        arguments = [*item.arguments(), "--ignore-not-found", "--wait"]
        kubectl.run(target, "delete", *arguments, seconds=DELETE_SECONDS)


def why_kept(item: Unfinished, live: Mapping[str, Any], began: datetime | None) -> str | None:
    """Why an object in the cluster must not be deleted unasked; None when it may be."""
    if item.kind in HOLDS_DATA:
        return f"a {item.kind} may hold data"
    metadata = live["metadata"]
    managers = [entry.get("manager", "") for entry in metadata.get("managedFields", [])]
    if not any(manager.startswith(MANAGER) for manager in managers):
        return f"it was made by {', '.join(filter(None, managers)) or 'somebody unknown'}, not by Pulumi"
    if began is None:
        return "nothing is left that says when that update began"
    # Kubernetes notes whole seconds.
    if datetime.fromisoformat(metadata["creationTimestamp"]) < began.replace(microsecond=0):
        return f"it is from {metadata['creationTimestamp']}, before that update"
    return None


def unfinished(checkpoint: Mapping[str, Any]) -> list[Unfinished]:
    """Kubernetes objects whose creation the checkpoint says had begun, and of which it knows no end.

    Pulumi carries such a note on even after a later update has made the object.
    """
    latest = checkpoint["checkpoint"].get("latest") or {}
    made = {(one["type"], one.get("id", "").removeprefix(DEFAULT)) for one in latest.get("resources") or []}
    operations = latest.get("pending_operations") or []
    resources = [operation["resource"] for operation in operations if operation["type"] == "creating"]
    return [
        _object(resource)
        for resource in resources
        if resource["type"].startswith(PREFIX) and (resource["type"], _id(resource)) not in made
    ]


def _id(resource: Mapping[str, Any]) -> str:
    """What Pulumi calls the object once it exists, without the namespace that goes without saying."""
    metadata = resource["inputs"]["metadata"]
    return "/".join(filter(None, (metadata.get("namespace"), metadata["name"]))).removeprefix(DEFAULT)


def _object(resource: Mapping[str, Any]) -> Unfinished:
    group_version, _, kind = resource["type"].removeprefix(PREFIX).rpartition(":")
    group, _, version = group_version.rpartition("/")
    suffix = f".{version}.{group}" if group not in ("", "core") else ""
    metadata = resource["inputs"]["metadata"]
    return Unfinished(f"{kind}{suffix}", metadata.get("namespace"), metadata["name"])


def _live(target: Target, item: Unfinished) -> dict[str, Any] | None:
    arguments = [*item.arguments(), "--ignore-not-found", "--show-managed-fields", "--output=json"]
    answer = kubectl.run(target, "get", *arguments)
    return json.loads(answer) if answer.strip() else None


def _undecided(item: Unfinished, reason: str) -> PhaseError:
    words = " ".join(item.arguments())
    return PhaseError(
        f"An interrupted update was creating {item.kind} {item.name}, which is in the cluster. "
        f"It is not removed unasked: {reason}.",
        f'Look at it: eval "$(make -s env)"; kubectl describe {words}. '
        f"If nothing in it is needed: kubectl delete {words}. Then `make up` again.",
    )
