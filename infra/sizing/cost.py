"""What a stack costs: a walk over its resources with the price tables. Pure, and without an account.

What it reads is what the engine shows: a preview's resources or a state's. Every AWS resource is priced, free
for a reason (`cost_free.py`), or reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from infra.sizing.cost_free import FREE
from infra.sizing.cost_lines import Line, Usage, month, most
from infra.sizing.cost_readers import READERS, Site
from infra.sizing.cost_resource import Resource, UndeterminedError
from infra.sizing.cost_volumes import VOLUME_READERS
from infra.sizing.prices import HOURS_PER_MONTH, Prices
from infra.sizing.prices_instances import NoPriceError
from infra.sizing.schedule import hours_per_month, times_of

PROVIDER = "pulumi:providers:aws"
SCHEDULE = "aws:scheduler/schedule:Schedule"
BUDGET = "aws:budgets/budget:Budget"


@dataclass(frozen=True)
class Estimate:
    """A stack's lines, and what they leave out."""

    lines: tuple[Line, ...]
    unknown: tuple[str, ...] = ()
    """AWS types that no table knows, sorted."""
    unpriced: tuple[str, ...] = ()
    """Resources with a price that could not be told, each with the reason."""
    by_urn: dict[str, tuple[Line, ...]] = field(default_factory=dict[str, tuple[Line, ...]])
    limit: float | None = None
    """USD a month that the stack's own budget says."""

    @property
    def month(self) -> float:
        """USD."""
        return month(self.lines)

    @property
    def fixed(self) -> float:
        """USD a month, whatever the stack is used for."""
        return month(line for line in self.lines if not line.by_use)

    @property
    def most(self) -> float:
        """USD a month, with everything that grows by itself at its largest."""
        return most(self.lines)

    @property
    def complete(self) -> bool:
        """Whether everything has a price."""
        return not self.unknown and not self.unpriced


def estimate(resources: Iterable[Resource], usage: Usage | None = None) -> Estimate:
    """The cost of resources. Nothing is charged for a stack without AWS: its machines are somebody's own.

    Hours of GPU nodes that `usage` leaves open are those of the stack's schedule.
    """
    there = list(resources)
    region = _region(there)
    if region is None:
        return Estimate(())
    by_urn = {one.urn: one for one in there if one.urn}
    assumed = usage or Usage()
    if assumed.gpu_hours is None:
        assumed = replace(assumed, gpu_hours=scheduled_hours(there))
    lines: dict[str, tuple[Line, ...]] = {}
    unknown: set[str] = set()
    unpriced: list[str] = []
    for number, one in enumerate(there):
        reader = READERS.get(one.type) or VOLUME_READERS.get(one.type)
        if reader is None:
            if one.type.startswith("aws:") and one.type not in FREE:
                unknown.add(one.type)
            continue
        prices = Prices(str(one.get("region") or region))
        site = Site(prices, assumed, by_urn)
        try:
            lines[one.urn or f"{number}"] = tuple(reader(one, site))
        except (UndeterminedError, NoPriceError) as problem:
            unpriced.append(f"{one.type.rpartition(':')[2]} {one.name}: {problem}")
    found = tuple(line for group in lines.values() for line in group)
    return Estimate(found, tuple(sorted(unknown)), tuple(sorted(unpriced)), lines, _limit(there))


def _region(resources: Sequence[Resource]) -> str | None:
    """Of the stack's AWS provider."""
    found = (one.get("region") for one in resources if one.type == PROVIDER)
    return next((str(region) for region in found if region), None)


def _limit(resources: Sequence[Resource]) -> float | None:
    """Of the stack's budget."""
    return next((one.number("limitAmount") for one in resources if one.type == BUDGET), None)


def scheduled_hours(resources: Iterable[Resource]) -> float:
    """Hours a month between the schedules that start and stop GPU nodes; all of them without such."""
    times = [
        found
        for one in resources
        if one.type == SCHEDULE and str(one.get("target.arn")).endswith("eks:updateNodegroupConfig")
        for found in [times_of(str(one.get("scheduleExpression")))]
        if found is not None
    ]
    if len(times) != 2:
        return HOURS_PER_MONTH
    (start, days), (stop, _) = sorted(times)
    return hours_per_month(start, stop, days)
