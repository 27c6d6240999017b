"""What telemetry takes on ClickHouse's disk, and how its server shares its memory."""

from __future__ import annotations

from dataclasses import dataclass

COMPRESSION = 10
"""Raw bytes to one on disk, for logs, spans and points: the vendor's planning figure for observability. Its
collector exporter's own page says 7 to 11."""
MERGE_HEADROOM = 1.5
"""Merges write the new part before the old ones go."""
FULL_SHARE = 0.70
"""The share of the disk at which an alarm says that it fills up: a forecast has to stay below."""
KEEP_FREE_SHARE = 0.05
"""Left free by merges and inserts: on a disk that is quite full not even TRUNCATE works."""
SERVER_SHARE = 0.80
"""Of the pod's limit; the rest is for what the engine does not count (page tables, threads, mapped code)."""
QUERY_SHARE = 0.60
"""Of the pod's limit, for one query: two that are large run after one another, not at once."""

_GIB = 2**30


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One signal: what comes in uncompressed, and how long it stays."""

    gib_per_day: float
    days: int


def disk_gib(flows: tuple[Flow, ...]) -> float:
    """What is on the disk once the oldest rows begin to go: raw per day x days / 10 x 1.5."""
    return sum(flow.gib_per_day * flow.days for flow in flows) / COMPRESSION * MERGE_HEADROOM


def smallest_disk_gib(flows: tuple[Flow, ...]) -> int:
    """The smallest disk that stays below the alarm, in steps of 10 GiB."""
    return max(10, -int(-disk_gib(flows) / FULL_SHARE // 10) * 10)


def share_of(limit_bytes: int, share: float) -> int:
    """A share of a memory limit, in whole bytes."""
    return int(limit_bytes * share)


def keep_free_bytes(disk: int) -> int:
    """What stays free on a disk of so many GiB."""
    return int(disk * _GIB * KEEP_FREE_SHARE)
