"""From a kind to its REST path, as the API server tells it."""

from __future__ import annotations

import threading

from local.plugins.kubernetes.client import Api
from local.plugins.kubernetes.errors import ApiError, NoSuchKindError
from local.plugins.kubernetes.objects import Kind, Object


class Discovery:
    """Knows which kinds a cluster serves; thread-safe. Asks once per group, and again after each miss."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Object]] = {}

    def namespaced(self, kind: Kind) -> bool:
        """Whether objects of this kind live in namespaces. NoSuchKindError."""
        return bool(self._resource(kind)["namespaced"])

    def collection(self, kind: Kind, namespace: str) -> str:
        """The path under which the objects of a kind are listed. NoSuchKindError."""
        resource = self._resource(kind)
        root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
        scope = f"/namespaces/{namespace or 'default'}" if resource["namespaced"] else ""
        return f"{root}{scope}/{resource['name']}"

    def path(self, kind: Kind, namespace: str, name: str) -> str:
        """The path of one object. NoSuchKindError."""
        return f"{self.collection(kind, namespace)}/{name}"

    def _resource(self, kind: Kind) -> Object:
        with self._lock:
            self._ask(kind.api_version, expecting=kind.name)
            found = self._known[kind.api_version].get(kind.name)
        if found is None:
            raise NoSuchKindError(
                f"The API server serves no {kind.name} in {kind.api_version}. Check the apiVersion, and that "
                "the CustomResourceDefinition exists before its objects (`depends_on`)."
            )
        return found

    def _ask(self, api_version: str, *, expecting: str) -> None:
        if expecting in self._known.get(api_version, {}):
            return
        root = "/apis" if "/" in api_version else "/api"
        try:
            resources: list[Object] = self._api.get(f"{root}/{api_version}")["resources"]
        except ApiError as error:
            if not error.not_found:
                raise
            resources = []
        self._known[api_version] = {r["kind"]: r for r in resources if "/" not in r["name"]}
