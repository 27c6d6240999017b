"""Settings of the RDS instance."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from infra.settings import aws_versions
from infra.settings.aws_versions import PGVECTOR_FLOOR, POSTGRES_STANDARD_SUPPORT
from infra.settings.base import Section
from infra.settings.pooler import PoolerSettings
from infra.settings.windows import DailyWindow, WeeklyWindow


class RestoreSettings(Section):
    """Where a new instance takes its data from; a later change of it does nothing.

    These are RDS's own sources, which an instance starts from. A portable dump is none of them: it is loaded
    into an empty database, after the migration.
    """

    snapshot: str | None = Field(default=None, description="Identifier or ARN of a snapshot to start from.")
    source_instance: str | None = Field(
        default=None, description="Resource id (`db-…`) of the instance whose history to replay."
    )
    source_backups_arn: str | None = Field(
        default=None, description="ARN of replicated automated backups, to restore in the DR region."
    )
    time: str | None = Field(
        default=None, description="UTC time as 2026-11-21T09:00:00Z; absent means the latest restorable time."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [v for v in (self.snapshot, self.source_instance, self.source_backups_arn) if v]
        if len(given) != 1:
            raise ValueError(
                "restore names exactly one source: snapshot, sourceInstance or sourceBackupsArn; "
                f"{len(given)} are given"
            )
        if self.snapshot and self.time:
            raise ValueError(
                "a snapshot has one time of its own: remove restore.time, or restore from sourceInstance"
            )
        return self


class RdsSettings(Section):
    """Postgres on RDS: a Multi-AZ instance in prod, a single small one in dev."""

    engine_version: str = Field(
        default="17",
        description=(
            "A major version (`17`: AWS applies minor versions in the maintenance window) or an exact one "
            "(`17.6`: nothing changes until this setting does)."
        ),
    )
    instance_class: str = Field(
        default="db.t4g.medium", pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$", description="Size."
    )
    storage_gib: int = Field(default=20, ge=20, le=65536, description="Initial gp3 storage.")
    max_storage_gib: int = Field(
        default=100, ge=21, le=65536, description="Storage grows by itself up to this."
    )
    multi_az: bool = Field(default=False, description="A synchronous standby in a second zone.")
    max_connections: int = Field(
        default=200,
        ge=25,
        le=5000,
        description="Set in the parameter group, so that pool budgets can be checked.",
    )
    backup_retention_days: int = Field(default=7, ge=1, le=35, description="Days of point-in-time recovery.")
    backup_window: DailyWindow = Field(default="02:00-03:00", description="UTC, at least 30 minutes.")
    maintenance_window: WeeklyWindow = Field(
        default="sun:03:30-sun:04:30", description="UTC, outside the backup window."
    )
    monitoring_interval_seconds: Literal[1, 5, 10, 15, 30, 60] = Field(
        default=60, description="Enhanced monitoring: how often the operating system reports."
    )
    insights: Literal["standard", "advanced"] = Field(
        default="standard", description="Database Insights; advanced keeps 15 months and is billed by vCPU."
    )
    log_retention_days: Literal[30, 60, 90, 180, 365, 731] = Field(
        default=30, description="Of exported logs."
    )
    read_replica: bool = Field(
        default=False,
        description=(
            "A second instance of the same size that follows this one and answers reads: for reports and "
            "exports. It is no standby (multiAz is)."
        ),
    )
    pooler: PoolerSettings | None = Field(
        default=None,
        description="PgBouncer between the server's pods and Postgres; absent lets them connect directly.",
    )
    restore: RestoreSettings | None = Field(
        default=None, description="Start from existing data instead of empty."
    )

    @field_validator("engine_version")
    @classmethod
    def _has_pgvector(cls, version: str) -> str:
        match = re.fullmatch(r"(\d+)(?:\.(\d+))?", version)
        if not match or int(match[1]) not in PGVECTOR_FLOOR:
            raise ValueError(
                f"engineVersion {version!r} is not one of the Postgres majors that this stack runs: "
                f"{', '.join(map(str, sorted(PGVECTOR_FLOOR)))} (or an exact version such as 17.6)"
            )
        ends = POSTGRES_STANDARD_SUPPORT[int(match[1])]
        if aws_versions.today() > ends:
            raise ValueError(
                f"Postgres {match[1]} left RDS's standard support on {ends}: AWS would bill extended support "
                f"for each vCPU and hour, which this stack switches off; use {max(PGVECTOR_FLOOR)}"
            )
        floor = PGVECTOR_FLOOR[int(match[1])]
        if match[2] is not None and int(match[2]) < floor:
            raise ValueError(
                f"engineVersion {version} has a pgvector older than 0.8.0; use {match[1]}.{floor} or later"
            )
        return version

    @model_validator(mode="after")
    def _storage_can_grow(self) -> Self:
        # RDS refuses a ceiling that is less than a tenth above what is allocated.
        if self.max_storage_gib < self.storage_gib * 1.1:
            raise ValueError(
                f"maxStorageGib ({self.max_storage_gib}) must be at least 10 % above storageGib "
                f"({self.storage_gib}), or storage cannot grow by itself"
            )
        return self

    @property
    def major(self) -> int:
        """Postgres major version."""
        return int(self.engine_version.split(".")[0])

    @property
    def minor_upgrades(self) -> bool:
        """Whether AWS moves the minor version: exactly when none is asked for, or an `up` would undo it."""
        return "." not in self.engine_version
