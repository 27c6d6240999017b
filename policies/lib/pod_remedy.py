"""Remedies for pods, whatever kind of workload holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.lib.kubernetes import CONTAINER_LISTS, template_path
from policies.lib.remedy import Draft, is_unknown
from policies.lib.values import Value


@dataclass(frozen=True)
class PodDraft:
    """The pod of one workload on its way to the cluster. Paths begin at `metadata` and `spec`."""

    draft: Draft
    template: str

    def get(self, path: str) -> Any:
        """What is there, as `Draft.get` has it."""
        return self.draft.get(self.path(path))

    def put(self, path: str, value: object) -> None:
        """Set a member."""
        self.draft.put(self.path(path), value)

    def value(self, path: str) -> Value:
        """What is there, to be read."""
        return Value(self.get(path), path)

    def containers(self) -> Iterator[Draft]:
        """Its containers of every sort, each to be changed in place."""
        for name in CONTAINER_LISTS:
            yield from self.draft.members(self.path(f"spec.{name}"))

    def contexts(self) -> Iterator[Draft]:
        """The security contexts that are there: the pod's own, and those of its containers."""
        yield from _member(self.draft, self.path("spec.securityContext"))
        for container in self.containers():
            yield from _member(container, "securityContext")

    def annotate(self, key: str, value: str) -> None:
        """Set an annotation that is there; its key may have dots."""
        annotations = self.get("metadata.annotations")
        if annotations[key] != value:
            annotations[key] = value
            self.draft.changed = True

    @property
    def may_be_windows(self) -> bool:
        """Whether it is for Windows, where Kubernetes refuses fields that only Linux has; or nobody knows."""
        name = self.get("spec.os.name")
        return name == "windows" or is_unknown(name) or is_unknown(self.get("spec.os"))

    def path(self, path: str) -> str:
        """Where that is in the workload."""
        return f"{self.template}.{path}" if self.template else path


def _member(draft: Draft, path: str) -> Iterator[Draft]:
    found = draft.get(path)
    if isinstance(found, Mapping):
        member = Draft(found, draft.type, draft.provider)
        yield member
        draft.changed = draft.changed or member.changed


def pods(draft: Draft) -> Iterator[PodDraft]:
    """The pod of a workload; the pods of a list of workloads."""
    template = template_path(draft.type.rpartition(":")[2])
    if draft.get("items") is None:
        yield PodDraft(draft, template)
    for item in draft.members("items"):
        yield PodDraft(item, template)
