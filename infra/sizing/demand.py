"""Sums of what pods ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What the pods of one workload ask for together; memory and storage in bytes."""

    name: str
    pods: int
    cpu_millis: int
    memory_request: int
    memory_limit: int
    storage: int = 0


def total(demands: Iterable[Demand]) -> Demand:
    """Everything together."""
    known = list(demands)
    return Demand(
        name="total",
        pods=sum(demand.pods for demand in known),
        cpu_millis=sum(demand.cpu_millis for demand in known),
        memory_request=sum(demand.memory_request for demand in known),
        memory_limit=sum(demand.memory_limit for demand in known),
        storage=sum(demand.storage for demand in known),
    )
