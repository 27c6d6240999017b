"""Settings of the ElastiCache replication group."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from infra.settings.base import Section
from infra.settings.windows import DailyWindow, WeeklyWindow, minutes_of

CacheEngine = Literal["valkey", "redis"]

_DEFAULT_VERSION: dict[CacheEngine, str] = {"valkey": "8.1", "redis": "7.1"}
_MAJORS: dict[CacheEngine, tuple[int, ...]] = {"valkey": (7, 8, 9), "redis": (7,)}
"""Majors with user groups whose parameters this stack knows; each has a parameter family of its own."""

_SHORTEST_WINDOW = 60
"""Minutes, by the reference of CreateReplicationGroup, for both windows."""


class ElastiCacheSettings(Section):
    """Valkey or Redis on ElastiCache, without sharding: a primary, and replicas in other zones."""

    engine: CacheEngine = Field(default="valkey", description="`valkey` is a fifth cheaper by the node-hour.")
    engine_version: str | None = Field(
        default=None,
        description=(
            "Major and minor version; absent means 8.1 of Valkey and 7.1 of Redis. Nothing changes it but "
            "this setting."
        ),
    )
    node_type: str = Field(
        default="cache.t4g.micro", pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$", description="Size of each node."
    )
    replicas: int = Field(
        default=0, ge=0, le=5, description="Nodes beside the primary; one takes over when it fails."
    )
    multi_az: bool = Field(default=False, description="Whether replicas are in other zones than the primary.")
    snapshot_retention_days: int = Field(
        default=0,
        ge=0,
        le=35,
        description="Days that daily snapshots are kept; 0 makes none, not even a last one.",
    )
    snapshot_window: DailyWindow = Field(default="00:30-01:30", description="UTC, at least 60 minutes.")
    maintenance_window: WeeklyWindow = Field(
        default="sun:05:00-sun:06:00", description="UTC, at least 60 minutes."
    )
    log_retention_days: Literal[30, 60, 90, 180, 365, 731] = Field(
        default=30, description="Of the engine's log and of its slow log."
    )

    @field_validator("snapshot_window", "maintenance_window")
    @classmethod
    def _is_long_enough(cls, window: str) -> str:
        if minutes_of(window) < _SHORTEST_WINDOW:
            raise ValueError(
                f"{window} is {minutes_of(window)} minutes long, and ElastiCache wants {_SHORTEST_WINDOW} at "
                "least: let it end later"
            )
        return window

    @model_validator(mode="after")
    def _version_is_of_the_engine(self) -> Self:
        match = re.fullmatch(r"(\d+)\.\d+", self.version)
        majors = _MAJORS[self.engine]
        if not match or int(match[1]) not in majors:
            raise ValueError(
                f"engineVersion {self.version!r} is none of {self.engine}: write its major and minor, "
                f"as {_DEFAULT_VERSION[self.engine]}, with a major of {' or '.join(map(str, majors))}"
            )
        return self

    @model_validator(mode="after")
    def _zones_have_nodes(self) -> Self:
        if self.multi_az and self.replicas == 0:
            raise ValueError(
                "multiAz is true and replicas is 0, so no node is in another zone: set replicas to 1 or "
                "more, or multiAz to false"
            )
        return self

    @property
    def version(self) -> str:
        """Major and minor version of the engine."""
        return self.engine_version or _DEFAULT_VERSION[self.engine]

    @property
    def family(self) -> str:
        """What its parameter group is made for: `valkey8`."""
        return f"{self.engine}{self.version.partition('.')[0]}"
