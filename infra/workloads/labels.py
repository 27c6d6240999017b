"""Labels: `app.kubernetes.io/name` says what a pod is, and is what Services and policies select."""

from __future__ import annotations

NAME = "app.kubernetes.io/name"
PART_OF = "app.kubernetes.io/part-of"
MANAGED_BY = "app.kubernetes.io/managed-by"


def selector(name: str) -> dict[str, str]:
    """Selects the pods of one workload and no others; immutable once released."""
    return {NAME: name, PART_OF: "roost"}


def labels(name: str) -> dict[str, str]:
    """Labels of everything that belongs to one workload."""
    return {**selector(name), MANAGED_BY: "pulumi"}
