"""What an hour of a machine costs in us-east-1: nodes, databases, cache nodes.

Within a family the price doubles with the size, so a family has one figure: that of `large`, in USD an hour,
on demand. Sources: EC2 as karpenter-provider-aws v1.15.1 has it from AWS's price list (2026-07-20); RDS for
PostgreSQL in one zone and ElastiCache from the price list in the Go module
github.com/cristim/ec2-instances-info of 2025-05-28, and the same in public figures of 2026 for db.t4g. GPU
instances are in `gpu_instances.py`.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from infra.sizing.gpu_instances import GPU_INSTANCES
from infra.sizing.prices_regions import RATIOS, Kind

CAPTURED_AT = date(2026, 7, 20)
"""When the prices of EC2 were last compared with AWS's."""

TEST_AGE = timedelta(days=180)
"""Older than this, a unit test fails: someone has to look."""

SETTINGS_AGE = timedelta(days=365)
"""Older than this, no budget is judged by them any more."""

_EC2 = {
    "t3": 0.0832, "t4g": 0.0672,
    "m6i": 0.096, "m7i": 0.1008, "m7g": 0.0816, "m8g": 0.08976,
    "c7i": 0.08925, "c7g": 0.0725, "c8g": 0.07976,
    "r7i": 0.1323, "r7g": 0.1071, "r8g": 0.11782,
    "g4dn": 0.263,
}  # fmt: skip
_RDS = {"t4g": 0.129, "m7g": 0.168, "m8g": 0.168, "r7g": 0.239, "r8g": 0.239}
_CACHE = {"t4g": 0.13, "m7g": 0.158, "r7g": 0.219}
_VALKEY = 0.8
"""Of Redis' price, for nodes."""

_TYPE = re.compile(r"(?:(db|cache)\.)?([a-z]+\d[a-z]*(?:-flex)?)\.(\w+)")
_SIZES = {"nano": 0.0625, "micro": 0.125, "small": 0.25, "medium": 0.5, "large": 1.0, "xlarge": 2.0}


class NoPriceError(LookupError):
    """The tables do not have it; the message says what they lack."""


def node_hour(instance_type: str, region: str) -> float:
    """An EC2 instance. NoPriceError for a family, size or region that is not in the tables."""
    gpu = GPU_INSTANCES.get(instance_type)
    if gpu is not None:
        return gpu.dollars_per_hour * _ratio(region, "gpu", instance_type)
    _, family, size = _parts(instance_type)
    if family not in _EC2:
        raise NoPriceError(f"no price of the family {family} ({instance_type})")
    return _EC2[family] * size * _ratio(region, _kind(family), instance_type)


def database_hour(instance_class: str, region: str) -> float:
    """An RDS instance for PostgreSQL in one zone; two zones cost twice that. NoPriceError as `node_hour`."""
    service, family, size = _parts(instance_class)
    if service != "db" or family not in _RDS:
        raise NoPriceError(f"no price of the database class {instance_class}")
    kind: Kind = "db.t" if family[0] == "t" else "db.m" if family[0] == "m" else "db.r"
    return _RDS[family] * size * _ratio(region, kind, instance_class)


def cache_hour(node_type: str, engine: str, region: str) -> float:
    """One node of ElastiCache for Redis or Valkey. NoPriceError as `node_hour`."""
    service, family, size = _parts(node_type)
    if service != "cache" or family not in _CACHE:
        raise NoPriceError(f"no price of the cache node {node_type}")
    kind: Kind = "cache.t" if family[0] == "t" else "cache.m"
    share = _VALKEY if engine == "valkey" else 1.0
    return _CACHE[family] * size * share * _ratio(region, kind, node_type)


def _parts(name: str) -> tuple[str | None, str, float]:
    """Service, family, and the price of the size in multiples of `large`."""
    match = _TYPE.fullmatch(name)
    if match is None:
        raise NoPriceError(f"{name!r} does not read like a type of AWS's")
    service, family, size = match.groups()
    if size in _SIZES:
        return service, family, _SIZES[size]
    larger = re.fullmatch(r"(\d+)xlarge", size)
    if larger is None:
        raise NoPriceError(f"no price of the size {size} ({name})")
    return service, family, 2.0 * int(larger[1])


def _kind(family: str) -> Kind:
    kinds: dict[str, Kind] = {"t": "t", "m": "m", "c": "c", "r": "r", "g": "gpu", "p": "gpu"}
    return kinds[family[0]]


def _ratio(region: str, kind: Kind, what: str) -> float:
    if region not in RATIOS:
        raise NoPriceError(f"no prices of the region {region}")
    if kind not in RATIOS[region]:
        raise NoPriceError(f"{what} was not sold in {region} when the table was made")
    return RATIOS[region][kind]
