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

    def within(self, home: Resource) -> list[Resource]:
        """Those in a namespace of this stack.

        Raises:
            Undetermined: none was found, and nobody knows where one is, or what the namespace is called.
        """
        linked = self._by_urn.get(home.urn, [])
        name = home["metadata.name"]
        if linked and not name.known:
            return linked
        found = [*linked, *self._by_name.get(name.text(), [])]
        if not found and self._open:
            raise self._open
        return found
