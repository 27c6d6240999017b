"""A line of the estimate, and the assumptions behind those that depend on use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

from infra.sizing.prices import HOURS_PER_MONTH

Component = Literal[
    "network",
    "cluster",
    "nodes",
    "inference",
    "database",
    "cache",
    "clickhouse",
    "volumes",
    "storage",
    "backups",
    "images",
    "edge",
    "logs",
    "keys",
    "secrets",
    "alarms",
]
COMPONENTS: tuple[Component, ...] = get_args(Component)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one resource costs for one reason, in USD."""

    component: Component
    what: str
    month: float
    """As the stack starts, all month."""
    most: float
    """With everything that grows by itself at its largest."""
    by_use: bool = False
    """Whether it depends on what the stack is used for; then it is an assumption of `Usage`."""
    estimated: bool = False
    """Whether the price is another region's times a ratio."""

    @property
    def hour(self) -> float:
        """An average over the month."""
        return self.month / HOURS_PER_MONTH


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a small stack with a handful of users does in a month. Every figure is an assumption: say yours.

    `make cost STACK=prod USAGE="nat_gb=500 internet_gb=300"`.
    """

    nat_gb: float = 30
    """Through each NAT gateway: images, packages, calls of models elsewhere."""
    endpoint_gb: float = 10
    """Through each interface endpoint."""
    zone_gb: float = 50
    """Between zones, for the whole cluster."""
    internet_gb: float = 20
    """Answers to clients."""
    capacity_units: float = 1
    """Of the load balancer, on average: 25 new connections a second, or 1 GB an hour."""
    million_requests: float = 1
    """That the firewall looks at."""
    log_gb: float = 2
    """Written to each log group."""
    flow_log_gb: float = 5
    """Records of connections."""
    bucket_gb: float = 20
    """In each bucket."""
    replicated_gb: float = 20
    """Copied to the other region, for each bucket with a copy."""
    image_gb: float = 10
    """In each repository of images."""
    database_filled: float = 0.5
    """How much of the allocated storage is used, and so in each full copy."""
    vault_gb: float = 100
    """Recovery points in each vault of AWS Backup."""
    gpu_hours: float | None = None
    """In which a node runs in a GPU group that starts empty; by default the schedule's, or all."""
    emails: float = 1000
    """That topics send."""

    @classmethod
    def parse(cls, text: str) -> Usage:
        """`nat_gb=500 internet_gb=300`. ValueError for a name that is none of these, or no number."""
        known = {one.name for one in fields(cls)}
        found: dict[str, float] = {}
        for word in text.split():
            name, equals, value = word.partition("=")
            if name not in known or not equals:
                raise ValueError(
                    f"{word!r} is not an assumption: write name=number with one of {', '.join(sorted(known))}"
                )
            try:
                found[name] = float(value)
            except ValueError:
                raise ValueError(f"{name} is a number, not {value!r}") from None
            if found[name] < 0:
                raise ValueError(f"{name} cannot be below zero: {value}")
        return replace(cls(), **found)


def by_component(lines: Iterable[Line]) -> dict[Component, list[Line]]:
    """In the order of COMPONENTS, without those that nothing belongs to."""
    groups: dict[Component, list[Line]] = {component: [] for component in COMPONENTS}
    for line in lines:
        groups[line.component].append(line)
    return {component: group for component, group in groups.items() if group}


def month(lines: Iterable[Line]) -> float:
    """The sum of them, a month."""
    return sum(line.month for line in lines)


def most(lines: Iterable[Line]) -> float:
    """The sum of them at their largest."""
    return sum(line.most for line in lines)
