"""Which objects of a stack are in which namespace."""

from __future__ import annotations

from policies.lib.kubernetes import namespace
from policies.lib.resources import Resource, Stack
from policies.lib.values import Undetermined

NAMESPACE = "kubernetes:core/v1:Namespace"


def namespace_of(resource: Resource) -> str:
    """The namespace that an object ends up in: its own word, else its provider's.

    Raises:
        Undetermined: it is unknown.
    """
    return namespace(resource) or resource.provider["namespace"].text(default="default")


class Namespaced:
    """The objects of some types by namespace: by its name, else by what their namespace was made from."""

    def __init__(self, stack: Stack, *types: str) -> None:
        self._by_name: dict[str, list[Resource]] = {}
        self._by_urn: dict[str, list[Resource]] = {}
        self._open: Undetermined | None = None
        for one in stack.of(*types):
            try:
                self._by_name.setdefault(namespace_of(one), []).append(one)
            except Undetermined as reason:
                made_from = one.dependencies.get("metadata", frozenset())
                for urn in made_from:
                    self._by_urn.setdefault(urn, []).append(one)
                if not made_from:
                    self._open = reason

    def within(self, home: Resource) -> tuple[list[Resource], Undetermined | None]:
        """Those in a namespace of this stack, and why there may be more."""
        linked = self._by_urn.get(home.urn, [])
        try:
            return [*linked, *self._by_name.get(home["metadata.name"].text(), [])], self._open
        except Undetermined as reason:
            return linked, reason
