"""The cluster that the provider is configured for, opened when it is first needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from local.plugins.kubernetes import kinds, kubeconfig
from local.plugins.kubernetes.client import Api
from local.plugins.kubernetes.discovery import Discovery
from local.plugins.kubernetes.errors import ApiError, ClusterUnreachableError, NoSuchKindError
from local.plugins.kubernetes.kubeconfig import Cluster
from local.plugins.kubernetes.objects import Kind, Object
from local.plugins.kubernetes.settings import Settings

# A cluster may come up during an update that creates it, so an answer is only trusted for a while.
_TRUSTED_SECONDS = 10.0


class Connection:
    """Access to one cluster; thread-safe. Everything may raise ClusterUnreachableError."""

    def __init__(self, settings: Settings, user_agent: str, warn: Callable[[str], None]) -> None:
        self._settings = settings
        self._agent = user_agent
        self._warn = _ignore if settings.suppress_warnings else warn
        self._opening = threading.Lock()
        self._checking = threading.Lock()
        self._chosen: Cluster | None = None
        self._opened: tuple[Api, Discovery] | None = None
        self._checked: tuple[float, str] | None = None

    @property
    def api(self) -> Api:
        return self._open()[0]

    @property
    def discovery(self) -> Discovery:
        return self._open()[1]

    def unreachable(self) -> str:
        """Why the cluster cannot be used right now, or the empty string."""
        with self._checking:
            if self._checked is None or time.monotonic() - self._checked[0] > _TRUSTED_SECONDS:
                reason = self._try()
                self._checked = (time.monotonic(), reason)
            return self._checked[1]

    def default_namespace(self) -> str:
        """For namespaced objects that name none: the provider's, the kubeconfig context's, or `default`."""
        if self._settings.namespace:
            return self._settings.namespace
        try:
            # What the kubeconfig says; nobody signs in for that.
            return self._cluster().namespace or "default"
        except ClusterUnreachableError:
            return "default"

    def namespaced(self, kind: Kind) -> bool:
        """Whether a kind lives in namespaces; a custom kind that nobody knows yet is taken to."""
        scoped = kinds.cluster_scoped(kind)
        if scoped is not None:
            return not scoped
        if self.unreachable():
            return True
        try:
            return self.discovery.namespaced(kind)
        except NoSuchKindError:
            return True

    def path(self, obj_kind: Kind, namespace: str, name: str) -> str:
        """The REST path of one object. NoSuchKindError."""
        return self.discovery.path(obj_kind, namespace, name)

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """One object, or None. NoSuchKindError, ApiError."""
        try:
            return self.api.get(self.path(kind, namespace, name))
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def _cluster(self) -> Cluster:
        if self._chosen is None:
            chosen = self._settings
            self._chosen = kubeconfig.load(chosen.kubeconfig, context=chosen.context, cluster=chosen.cluster)
        return self._chosen

    def _open(self) -> tuple[Api, Discovery]:
        with self._opening:
            if self._opened is None:
                api = Api(self._cluster(), self._agent, self._warn)
                self._opened = (api, Discovery(api))
            return self._opened

    def _try(self) -> str:
        try:
            self.api.get("/version")
        except ClusterUnreachableError as error:
            return str(error)
        except ApiError as error:
            # Whoever may not read the version may still be allowed what matters.
            return "" if error.code == 403 else f"the API server refuses us: {error}"
        return ""


def _ignore(text: str) -> None:
    """Warnings that the user asked not to see."""
