"""The local platform: what `infra/aws/` gets from a cloud, from parts that run on this machine."""

from __future__ import annotations

import pulumi

from infra.local.cache import LocalCache
from infra.local.cluster import LocalCluster
from infra.local.edge import LocalEdge
from infra.local.postgres import LocalPostgres
from infra.local.standin import StandIn
from infra.local.store import LocalStore
from infra.ports import (
    CacheEndpoint,
    ClickHouseEndpoint,
    ClusterAccess,
    Images,
    ModelEndpoint,
    NamespaceAccess,
    PublicEdge,
    Reach,
    ServerEndpoint,
    Supplies,
)
from infra.settings import Settings
from infra.settings.urls import seen_from_pods
from infra.workloads.reach import reach_of


class LocalPlatform:
    """Postgres, a model or its stand-in, and nginx, in a cluster that is already there."""

    def __init__(self, settings: Settings) -> None:
        assert settings.local is not None  # `build` gives the profile local its section
        self._settings = settings
        self._local = settings.local
        self.cluster: ClusterAccess = LocalCluster("cluster", self._local.platform).access

    def supply(self, namespace: NamespaceAccess) -> Supplies:
        """Postgres, the model and the images that `make up` built."""
        database = LocalPostgres(
            "postgres",
            self._local,
            database=self._settings.database,
            cluster=self.cluster,
            namespace=namespace,
        )
        image = self._settings.server.image or self._local.platform.images.server
        return Supplies(
            images=Images(server=pulumi.Output.from_input(image)),
            database=database.endpoint,
            model=self._model(namespace),
            cache=self._cache(namespace),
            clickhouse=self._store(namespace),
        )

    def expose(self, server: ServerEndpoint) -> PublicEdge:
        """nginx on the published node ports."""
        edge = LocalEdge(
            "edge", self._local, timing=self._settings.timing, cluster=self.cluster, server=server
        )
        return edge.public

    def outputs(self) -> None:
        """Nothing beside what every stack has."""

    def _store(self, namespace: NamespaceAccess) -> ClickHouseEndpoint | None:
        store = self._settings.clickhouse
        if store.kind != "in-cluster":
            return None
        return LocalStore(
            "store-server",
            self._local,
            storage_gib=store.storage_gib,
            cluster=self.cluster,
            namespace=namespace,
        ).endpoint

    def _cache(self, namespace: NamespaceAccess) -> CacheEndpoint | None:
        if not self._settings.cache.enabled:
            return None
        cache = LocalCache(
            "cache", self._local, self._settings.cache, cluster=self.cluster, namespace=namespace
        )
        return cache.endpoint

    def _model(self, namespace: NamespaceAccess) -> ModelEndpoint:
        model = self._settings.model
        stand_in = self._stand_in(namespace) if model.needs_stand_in else None
        base_url, reach = self._endpoint("external-model", model.base_url, stand_in)
        embedding_url, embedding_reach = self._endpoint(
            "external-embedding", model.embedding.base_url, stand_in
        )
        keys = (model.api_key, model.embedding.api_key)
        api_key, embedding_key = (
            pulumi.Output.secret(key.get_secret_value()) if key is not None else None for key in keys
        )
        return ModelEndpoint(
            kind=model.kind,
            base_url=base_url,
            handle=model.handle,
            api_key=api_key,
            embedding_base_url=embedding_url,
            embedding_handle=model.embedding.handle,
            embedding_dim=model.embedding.dimensions,
            embedding_api_key=embedding_key,
            reach=tuple({reach.name: reach, embedding_reach.name: embedding_reach}.values()),
            ready=stand_in.ready if stand_in is not None else [],
        )

    def _stand_in(self, namespace: NamespaceAccess) -> StandIn:
        return StandIn(
            "standin",
            self._local.stand_in,
            image=self._local.platform.images.standin,
            cluster=self.cluster,
            namespace=namespace,
        )

    def _endpoint(
        self, name: str, url: str | None, stand_in: StandIn | None
    ) -> tuple[pulumi.Output[str], Reach]:
        """Where a model answers, as a pod sees it: at `url`, or at the stand-in where none is set."""
        if url is None:
            assert stand_in is not None  # `needs_stand_in` is true whenever a URL is missing
            return stand_in.base_url, stand_in.reach
        host = self._local.platform.host_address
        seen = url if host is None else seen_from_pods(url, host)
        return pulumi.Output.from_input(seen), reach_of(name, seen)
