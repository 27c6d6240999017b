"""Settings of the telemetry store, ClickHouse."""

from __future__ import annotations

import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from infra.settings.base import ComputeResources, Port, Section
from infra.sizing.clickhouse import Flow, disk_gib, smallest_disk_gib
from infra.sizing.quantities import memory_bytes

LEAST_MEMORY = "4Gi"
"""Below it merges of telemetry's wide maps fail; the vendor's floor for production is 8 GiB."""

_BACKUP = re.compile(r"(full|incremental)-\d{8}T\d{6}Z")
_NAME = r"^[a-z_][a-z0-9_]*$"


class Signal(Section):
    """One kind of telemetry."""

    days: int = Field(ge=1, le=3650, description="Rows older than that are dropped, a day at a time.")
    gib_per_day: float = Field(
        gt=0,
        le=100_000,
        description="How much comes in on a usual day, uncompressed; for the disk's forecast.",
    )


class RetentionSettings(Section):
    """What is kept of each signal, and for how long. Every table has an end."""

    logs: Signal = Field(default=Signal(days=14, gib_per_day=2), description="Log records.")
    traces: Signal = Field(default=Signal(days=14, gib_per_day=2), description="Spans.")
    metrics: Signal = Field(default=Signal(days=30, gib_per_day=1), description="Points of metrics.")

    @property
    def flows(self) -> tuple[Flow, ...]:
        """All signals, for arithmetic."""
        return tuple(
            Flow(gib_per_day=one.gib_per_day, days=one.days) for one in (self.logs, self.traces, self.metrics)
        )


class ReaderSettings(Section):
    """How far the reader's queries may go: dashboards, alerts, and the server's trace view share it."""

    query_seconds: int = Field(default=60, ge=1, le=3600, description="Then a query is stopped.")
    rows_per_query: int = Field(default=1_000_000_000, ge=1000, description="Rows that one query may read.")
    concurrent_queries: int = Field(default=10, ge=1, le=1000, description="Queries at the same time.")
    queries_per_hour: int = Field(default=20_000, ge=1, description="Queries in an hour.")
    seconds_per_hour: int = Field(
        default=7200, ge=60, description="Time of all queries of an hour together, in seconds."
    )


class StoreBackupSettings(Section):
    """Backups to the stack's backup bucket: a full one on Sundays, what is new since then on other days."""

    hour: int = Field(default=2, ge=0, le=23, description="When they start, in UTC.")
    retention_days: int = Field(
        default=28,
        ge=7,
        le=3650,
        description="How far back one can go; objects stay a week longer, for what is built on them.",
    )
    deadline_minutes: int = Field(default=120, ge=5, le=1440, description="When one is given up.")


class StoreRestoreSettings(Section):
    """Bring a backup back, once: the same one is not run again, whether the section stays or goes."""

    backup: str = Field(
        description="Its name, as `roost store list` prints it: `incremental-20270117T020000Z`."
    )
    database: str = Field(
        default="otel",
        pattern=_NAME,
        description="Where to. `otel` only into an empty store; another name puts it beside what is there.",
    )

    @field_validator("backup")
    @classmethod
    def _is_a_backup(cls, name: str) -> str:
        if not _BACKUP.fullmatch(name):
            raise ValueError(
                f"backup names one of the store's backups, as incremental-20270117T020000Z, not {name!r}: "
                "`roost store list` prints them"
            )
        return name


class StoreLogin(Section):
    """A login of an external store."""

    username: str = Field(min_length=1, description="User.")
    password: SecretStr = Field(description="Password; set it with `--secret`.")


class ExternalStoreSettings(Section):
    """A ClickHouse that someone else runs, with TLS: ClickHouse Cloud, or one of your own."""

    host: str = Field(description="Its host name, as `abc.eu-central-1.aws.clickhouse.cloud`.")
    https_port: Port = Field(default=8443, description="HTTP interface over TLS.")
    native_port: Port = Field(default=9440, description="Native interface over TLS.")
    database: str = Field(default="otel", pattern=_NAME, description="Its database for telemetry.")
    cluster: str | None = Field(
        default=None,
        pattern=_NAME,
        description=(
            "Name of its cluster, if it has replicas with Keeper: tables are made on all of them, and "
            "replicated. Absent for one server, and for ClickHouse Cloud, which replicates by itself."
        ),
    )
    writer: StoreLogin = Field(description="May insert; the collectors'.")
    reader: StoreLogin = Field(description="May select, and nothing else.")
    schema_owner: StoreLogin = Field(description="May create and alter tables; the schema Job's.")

    @field_validator("host")
    @classmethod
    def _is_a_name(cls, host: str) -> str:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) or urlsplit(f"//{host}").port:
            raise ValueError(
                f"host is a name without scheme, port or path, not {host!r}: ports have settings of their "
                "own, and TLS is always used"
            )
        return host


class ClickHouseSettings(Section):
    """The telemetry store: where logs, traces and metrics go."""

    kind: Literal["off", "external", "in-cluster"] = Field(
        default="off",
        description=(
            "`off`: none. `external`: one that someone else runs, over TLS. `in-cluster`: one StatefulSet "
            "on an encrypted volume that outlives it; locally a stand-in on the same engine."
        ),
    )
    image: str = Field(
        default="docker.io/clickhouse/clickhouse-server:26.8",
        description="ClickHouse's own image, an LTS version; prod takes a copy by digest.",
    )
    storage_gib: int = Field(
        default=50, ge=10, le=16_384, description="Size of its volume; it can grow, not shrink."
    )
    resources: ComputeResources = Field(
        default=ComputeResources(cpu_request="1", memory_request="4Gi", memory_limit="4Gi", disk_limit="2Gi"),
        description="CPU and memory of its pod.",
    )
    retention: RetentionSettings = Field(default_factory=RetentionSettings, description="What is kept.")
    reader: ReaderSettings = Field(default_factory=ReaderSettings, description="Bounds of readers.")
    writer_inserts_per_hour: int = Field(
        default=36_000,
        ge=60,
        description="Inserts in an hour. More, and smaller ones, make more parts than merges can follow.",
    )
    backup: StoreBackupSettings = Field(
        default_factory=StoreBackupSettings, description="Backups, where the platform has a bucket."
    )
    restore: StoreRestoreSettings | None = Field(default=None, description="A backup to bring back.")
    external: ExternalStoreSettings | None = Field(
        default=None, description="Where an external one is; `external` needs it."
    )

    @field_validator("resources")
    @classmethod
    def _memory_suffices(cls, resources: ComputeResources) -> ComputeResources:
        if memory_bytes(resources.memory_limit) < memory_bytes(LEAST_MEMORY):
            raise ValueError(
                f"memoryLimit ({resources.memory_limit}) is below {LEAST_MEMORY}, with which ClickHouse "
                "merges nothing for long: raise it, to 8Gi or more where users depend on it"
            )
        return resources

    @model_validator(mode="after")
    def _sections_fit_the_kind(self) -> Self:
        if self.kind == "external" and self.external is None:
            raise ValueError("kind is `external`, so `external` must say where it is: host, writer, reader")
        if self.kind != "external" and self.external is not None:
            raise ValueError(
                f"`external` would be ignored, as kind is `{self.kind}`: set kind to `external`, or remove it"
            )
        if self.kind != "in-cluster" and self.restore is not None:
            raise ValueError(
                f"`restore` would be ignored, as kind is `{self.kind}`: only a store in the cluster is "
                "restored by the stack"
            )
        return self

    @model_validator(mode="after")
    def _disk_suffices(self) -> Self:
        flows = self.retention.flows
        if self.kind == "in-cluster" and self.storage_gib < smallest_disk_gib(flows):
            raise ValueError(
                f"storageGib ({self.storage_gib}) is too small: what retention keeps comes to "
                f"{disk_gib(flows):.0f} GiB with merges, and the alarm is at 70 % of the disk: take "
                f"{smallest_disk_gib(flows)} or more, or keep less"
            )
        return self
