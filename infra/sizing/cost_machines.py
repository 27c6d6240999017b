"""Lines of what runs by the hour on a machine or stays on a disk: nodes, databases, caches, volumes."""

from __future__ import annotations

from dataclasses import dataclass

from infra.sizing.cost_lines import Component, Line, Usage
from infra.sizing.instance_types import has_nvidia_gpu
from infra.sizing.prices import HOURS_PER_MONTH, Prices
from infra.sizing.prices_instances import cache_hour, database_hour, node_hour

_INCLUDED_THROUGHPUT = 125
_INCLUDED_IOPS = 3000
_DETAILED_METRICS = 7
"""That EC2's detailed monitoring sends for each instance."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A gp3 volume."""

    gib: float
    mib_per_second: float = _INCLUDED_THROUGHPUT
    iops: float = _INCLUDED_IOPS

    def month(self, prices: Prices) -> float:
        """USD."""
        return (
            self.gib * prices.of("ebs-gp3")
            + max(0.0, self.mib_per_second - _INCLUDED_THROUGHPUT) * prices.of("ebs-throughput")
            + max(0.0, self.iops - _INCLUDED_IOPS) * prices.of("ebs-iops")
        )


@dataclass(frozen=True, kw_only=True)
class NodePool:
    """A managed node group."""

    name: str
    instance_type: str
    """The first of its types."""
    start: int
    """How many run before anything scales."""
    largest: int
    disk: Disk
    monitored: bool = True
    """With detailed monitoring."""


def nodes(pool: NodePool, prices: Prices, usage: Usage) -> list[Line]:
    """A GPU group that starts empty runs one node for `usage.gpu_hours`. Spot counts as on demand."""
    hour = node_hour(pool.instance_type, prices.region)
    aside = pool.disk.month(prices) + (_DETAILED_METRICS * prices.of("metric") if pool.monitored else 0)
    month = hour * HOURS_PER_MONTH + aside
    gpu = has_nvidia_gpu(pool.instance_type)
    component: Component = "inference" if gpu else "nodes"
    name = f"{pool.name}: {pool.start} to {pool.largest} x {pool.instance_type}"
    lines = [
        Line(
            component=component,
            what=name,
            month=month * pool.start,
            most=month * pool.largest,
            estimated=prices.estimated,
        )
    ]
    if gpu and pool.start == 0:
        hours = HOURS_PER_MONTH if usage.gpu_hours is None else min(usage.gpu_hours, HOURS_PER_MONTH)
        share = hours / HOURS_PER_MONTH
        what = f"{pool.name}: one {pool.instance_type} for {hours:.0f} hours"
        # Its largest is in the line above already.
        lines.append(
            Line(
                component=component,
                what=what,
                month=month * share,
                most=0,
                by_use=True,
                estimated=prices.estimated,
            )
        )
    return lines


@dataclass(frozen=True, kw_only=True)
class PostgresInstance:
    """An RDS instance on gp3."""

    name: str
    instance_class: str
    multi_az: bool
    gib: float
    largest_gib: float
    advanced_insights: bool = False


def database(instance: PostgresInstance, prices: Prices) -> list[Line]:
    """Backups are free up to the allocated storage, which point-in-time recovery seldom exceeds."""
    zones = 2 if instance.multi_az else 1
    hours = database_hour(instance.instance_class, prices.region) * zones * HOURS_PER_MONTH
    storage = prices.of("rds-gp3") * zones
    where = "two zones" if instance.multi_az else "one zone"
    lines = [
        _same("database", f"{instance.name}: {instance.instance_class} in {where}", hours, prices),
        Line(
            component="database",
            what=f"{instance.name}: {instance.gib:.0f} to {instance.largest_gib:.0f} GiB",
            month=storage * instance.gib,
            most=storage * max(instance.gib, instance.largest_gib),
            estimated=prices.estimated,
        ),
    ]
    if instance.advanced_insights:
        month = prices.of("rds-insights") * vcpus(instance.instance_class) * zones * HOURS_PER_MONTH
        lines.append(_same("database", f"{instance.name}: advanced insights", month, prices))
    return lines


def vcpus(instance_class: str) -> int:
    """Of an RDS class: two up to `large`, four for `xlarge`, and so on."""
    size = instance_class.rpartition(".")[2]
    if not size.endswith("xlarge"):
        return 2
    return 4 * int(size.removesuffix("xlarge") or 1)


def cache(name: str, node_type: str, engine: str, count: int, prices: Prices) -> list[Line]:
    """All nodes of a replication group."""
    month = cache_hour(node_type, engine, prices.region) * count * HOURS_PER_MONTH
    return [_same("cache", f"{name}: {count} x {node_type}, {engine}", month, prices)]


def volume(component: Component, name: str, disk: Disk, count: int, prices: Prices) -> list[Line]:
    """Volumes that a workload claims."""
    month = disk.month(prices) * count
    return [_same(component, f"{name}: {count} x {disk.gib:.0f} GiB", month, prices)]


def _same(component: Component, what: str, month: float, prices: Prices) -> Line:
    """A line of something that does not grow."""
    return Line(component=component, what=what, month=month, most=month, estimated=prices.estimated)
