"""What the emulated ElastiCache keeps beside moto's users and subnet groups, by region and name."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from local.emulator.errors import Refusal
from local.emulator.settling import Record

Records = defaultdict[str, dict[str, Record]]

PARAMETER_GROUPS: Records = defaultdict(dict)
USER_GROUPS: Records = defaultdict(dict)
REPLICATION_GROUPS: Records = defaultdict(dict)
MEMBERS: defaultdict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
"""What the nodes of a replication group have in common, as `DescribeCacheClusters` tells it."""

SNAPSHOTS: defaultdict[str, dict[str, str]] = defaultdict(dict)
"""The replication group of each."""


def refused(code: str, message: str) -> Refusal:
    """An error of ElastiCache."""
    return Refusal(code, message)


def named(records: dict[str, Record], name: str, code: str) -> Record:
    """The record of that name. Refusal with AWS's `code` if there is none."""
    found = records.get(name)
    if found is None:
        raise refused(code, f"{name} not found.")
    return found


def look(records: dict[str, Record], name: str | None, code: str) -> list[dict[str, Any]]:
    """One record as it is now, or all of them."""
    wanted = [named(records, name, code)] if name else list(records.values())
    return [record.look() for record in wanted]
