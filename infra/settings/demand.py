"""What the workloads of a stack ask of their namespace at the worst moment: a rollout under full load."""

from __future__ import annotations

from infra.settings.base import ComputeResources
from infra.settings.settings import Settings
from infra.sizing.demand import Demand
from infra.sizing.quantities import cpu_millis, memory_bytes

_GIB = 2**30


def demands_of(settings: Settings) -> list[Demand]:
    """One entry for each workload; on AWS the model's pods are in a namespace of their own."""
    demands = [
        _demand("server", settings.server_pool.pods, settings.server.resources),
        _demand("migration and bootstrap", 2, settings.migration.resources),
    ]
    if settings.pooler is not None:
        demands.append(_demand("pooler", settings.connection_budget.holders.pods, settings.pooler.resources))
    demands += _of_the_store(settings)
    local = settings.local
    if local is not None:
        demands += [
            _demand("postgres", 1, local.database.resources, local.database.storage_gib * _GIB),
            _demand("edge", 2 * local.edge.replicas, local.edge.resources),
        ]
        if settings.cache.enabled:
            demands.append(_demand("cache", 1, local.cache))
        if settings.model.needs_stand_in:
            demands.append(_demand("stand-in", 2, local.stand_in))
    return demands


def _of_the_store(settings: Settings) -> list[Demand]:
    """ClickHouse, and at its worst moment the Jobs of a restore, of the schema, and of a backup."""
    store = settings.clickhouse
    jobs = _demand("store's Jobs", 3, settings.migration.resources)
    if store.kind == "off":
        return []
    if store.kind == "external":
        return [jobs]
    resources = settings.local.store if settings.local is not None else store.resources
    return [_demand("clickhouse", 1, resources, store.storage_gib * _GIB), jobs]


def _demand(name: str, pods: int, resources: ComputeResources, storage: int = 0) -> Demand:
    return Demand(
        name=name,
        pods=pods,
        cpu_millis=pods * cpu_millis(resources.cpu_request),
        memory_request=pods * memory_bytes(resources.memory_request),
        memory_limit=pods * memory_bytes(resources.memory_limit),
        storage=storage,
    )
