"""The whole tree of settings, as the program sees it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.settings.aws import AwsSettings
from infra.settings.base import Section
from infra.settings.cache import CacheSettings
from infra.settings.clickhouse import ClickHouseSettings
from infra.settings.database import DatabaseSettings
from infra.settings.edge import EdgeSettings
from infra.settings.inference import InferenceSettings
from infra.settings.local import LocalSettings
from infra.settings.migration import MigrationSettings
from infra.settings.model import ModelSettings
from infra.settings.namespace import NamespaceSettings
from infra.settings.pooler import PoolerSettings
from infra.settings.server import ServerSettings
from infra.sizing.connections import SERVER_BESIDES, ConnectionBudget, PoolHolders
from infra.sizing.timing import Timing, compute_timing

ProfileName = Literal["local", "dev", "prod"]


class Settings(Section):
    """One stack. Exactly one of `local` and `aws` is there; `inference` is with model.kind `vllm`."""

    profile: ProfileName = Field(description="Which defaults apply: `local`, `dev` or `prod`.")
    server: ServerSettings
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    migration: MigrationSettings = Field(default_factory=MigrationSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    inference: InferenceSettings | None = None
    edge: EdgeSettings = Field(default_factory=EdgeSettings)
    cache: CacheSettings = Field(default_factory=CacheSettings)
    clickhouse: ClickHouseSettings = Field(default_factory=ClickHouseSettings)
    namespace: NamespaceSettings
    local: LocalSettings | None = None
    aws: AwsSettings | None = None

    @property
    def timing(self) -> Timing:
        """Every timeout between client and server, computed together."""
        server = self.server
        return compute_timing(
            ping=server.ping_seconds,
            edge_idle=self.edge.idle_timeout_seconds,
            pre_stop=server.pre_stop_seconds,
            drain=server.drain_seconds,
            longest_stream=server.longest_stream_seconds,
            startup=server.startup_seconds,
            keep_alive=server.keep_alive_seconds,
            termination_grace=server.termination_grace_seconds,
        )

    @property
    def max_connections(self) -> int:
        """Postgres `max_connections`, wherever Postgres runs."""
        if self.local is not None:
            return self.local.database.max_connections
        assert self.aws is not None  # `build` makes exactly one platform
        return self.aws.database.max_connections

    @property
    def pooler(self) -> PoolerSettings | None:
        """The pooler before Postgres, where the platform has one."""
        return self.aws.database.pooler if self.aws is not None else None

    @property
    def server_pool(self) -> PoolHolders:
        """The server's pods, and the pool of each."""
        server = self.server
        return PoolHolders(
            max_replicas=server.replicas.max, pool_size=server.pool_size, besides=SERVER_BESIDES
        )

    @property
    def connection_budget(self) -> ConnectionBudget:
        """Who may hold how many connections to Postgres: the server's pods, or the pooler's for them."""
        reserved, pooler = self.database.reserved_connections, self.pooler
        return ConnectionBudget(
            holders=PoolHolders(max_replicas=pooler.replicas, pool_size=pooler.pool_size)
            if pooler
            else self.server_pool,
            reserved=reserved.admin + reserved.backup + reserved.migration + reserved.monitoring,
            max_connections=self.max_connections,
        )
