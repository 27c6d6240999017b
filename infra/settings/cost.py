"""What the settings come to, a month at list price: before there is a resource, and by the same tables.

It is the estimate that the limit of `roost:aws.budget` is compared with. `make cost` walks over the resources
instead and sees all of them; a test holds both to each other, for dev and prod.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings.aws import AwsSettings
from infra.settings.aws_cluster import NodeGroupSettings
from infra.settings.settings import Settings
from infra.sizing import cost_machines as machines
from infra.sizing import cost_services as services
from infra.sizing.cost_lines import Line, Usage
from infra.sizing.prices import HOURS_PER_MONTH, Prices
from infra.sizing.schedule import hours_per_month

_WAF_RULES = 6
_KEYS = 5
"""For data, logs, backups, secrets and, with alarms, their topics."""
_LOG_GROUPS = 5


def lines_of(settings: Settings) -> list[Line]:
    """Everything that is dear and most of what is cheap. NoPriceError for a size that the tables lack."""
    aws = settings.aws
    if aws is None:
        return []
    prices = Prices(aws.region)
    usage = Usage(gpu_hours=gpu_hours(settings))
    return [
        *_network(aws, prices, usage),
        *services.cluster("cluster", prices, usage),
        *_nodes(aws, prices, usage),
        *_database(aws, prices, usage),
        *_stores(settings, aws, prices),
        *_edge(aws, prices, usage),
        *_recovery(aws, prices, usage),
        *_small_change(aws, prices, usage),
    ]


def gpu_hours(settings: Settings) -> float:
    """Hours a month in which a GPU group that may be empty is not."""
    schedule = settings.inference.schedule if settings.inference else None
    if schedule is None:
        return HOURS_PER_MONTH
    return hours_per_month(schedule.start, schedule.stop, schedule.days)


def _network(aws: AwsSettings, prices: Prices, usage: Usage) -> Iterator[Line]:
    network = aws.network
    if network.existing is not None:
        return
    gateways = {"none": 0, "single": 1, "per-az": len(network.zones)}[network.nat]
    for zone in network.zones[:gateways]:
        yield from services.nat_gateway(f"nat-{zone}", prices, usage)
        yield from services.address(f"nat-{zone}", prices)
    for service in network.interface_endpoints:
        yield from services.endpoint(service, len(network.zones), prices, usage)


def _nodes(aws: AwsSettings, prices: Prices, usage: Usage) -> Iterator[Line]:
    cluster = aws.cluster
    for name, group in (
        ("system", cluster.system_nodes),
        ("app", cluster.app_nodes),
        ("gpu", cluster.gpu_nodes),
    ):
        if group is not None:
            yield from machines.nodes(_pool(name, group), prices, usage)


def _pool(name: str, group: NodeGroupSettings) -> machines.NodePool:
    return machines.NodePool(
        name=name,
        instance_type=group.instance_types[0],
        start=group.min_nodes,
        largest=group.max_nodes,
        disk=machines.Disk(gib=group.disk_gib, mib_per_second=group.disk_mib_per_second),
    )


def _database(aws: AwsSettings, prices: Prices, usage: Usage) -> Iterator[Line]:
    s = aws.database
    instance = machines.PostgresInstance(
        name="database",
        instance_class=s.instance_class,
        multi_az=s.multi_az,
        gib=s.storage_gib,
        largest_gib=s.max_storage_gib,
        advanced_insights=s.insights == "advanced",
    )
    yield from machines.database(instance, prices)
    if s.read_replica:
        replica = machines.PostgresInstance(
            name="replica",
            instance_class=s.instance_class,
            multi_az=False,
            gib=s.storage_gib,
            largest_gib=s.max_storage_gib,
            advanced_insights=s.insights == "advanced",
        )
        yield from machines.database(replica, prices)
    if aws.dr_region is not None:
        yield from services.database_copies("backups", s.storage_gib, Prices(aws.dr_region), usage)


def _stores(settings: Settings, aws: AwsSettings, prices: Prices) -> Iterator[Line]:
    if settings.cache.enabled:
        cache = aws.cache
        yield from machines.cache("cache", cache.node_type, cache.engine, 1 + cache.replicas, prices)
    store = settings.clickhouse
    if store.kind == "in-cluster":
        disk = machines.Disk(gib=store.storage_gib)
        yield from machines.volume("clickhouse", "clickhouse", disk, 1, prices)
    if settings.inference is not None:
        disk = machines.Disk(gib=settings.inference.compile_cache_gib)
        yield from machines.volume("inference", "compile cache", disk, 1, prices)


def _edge(aws: AwsSettings, prices: Prices, usage: Usage) -> Iterator[Line]:
    yield from services.load_balancer("edge", len(aws.network.zones), prices, usage)
    yield from services.firewall("firewall", _WAF_RULES, prices, usage)
    if aws.edge.dns == "managed":
        yield from services.zone("zone", prices)


def _recovery(aws: AwsSettings, prices: Prices, usage: Usage) -> Iterator[Line]:
    if aws.recovery is None:
        return
    yield from services.vault("vault", prices, usage)
    if aws.dr_region is not None:
        yield from services.vault("vault copies", Prices(aws.dr_region), usage)
    yield from services.restore_tests("restore tests", prices)


def _small_change(aws: AwsSettings, prices: Prices, usage: Usage) -> Iterator[Line]:
    """Keys, secrets, buckets, images and logs: together a few per cent, whatever the settings say."""
    for purpose in range(_KEYS):
        yield from services.key(f"key {purpose}", prices, rotates=True)
    yield from services.secret("secrets", 1, prices)
    weights = aws.cluster.gpu_nodes is not None if aws.storage.weights is None else aws.storage.weights
    buckets = 2 + (aws.dr_region is not None) + weights
    for purpose in range(buckets):
        yield from services.bucket(f"bucket {purpose}", prices, usage)
    yield from services.repository("images", prices, usage)
    yield from services.flow_log("flow log", prices, usage)
    for purpose in range(_LOG_GROUPS):
        yield from services.log_group(f"log {purpose}", aws.cluster.log_retention_days, prices, usage)
