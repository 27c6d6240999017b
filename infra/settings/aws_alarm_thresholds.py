"""From which figures on somebody is told."""

from __future__ import annotations

from pydantic import Field

from infra.settings.base import Section


class AlarmThresholds(Section):
    """Each alarm's page in docs/runbooks says where its default comes from."""

    database_storage_percent: int = Field(
        default=15,
        ge=5,
        le=50,
        description=(
            "Free storage, as a share of database.storageGib, below which it is a warning; below a third of "
            "it, critical. RDS adds storage below 10 % by itself, up to maxStorageGib."
        ),
    )
    database_cpu_percent: int = Field(default=80, ge=10, le=100, description="For a quarter of an hour.")
    database_cpu_credits: int = Field(
        default=50,
        ge=1,
        le=5000,
        description="Balance of a burstable instance (db.t…): what follows is billed.",
    )
    database_connections_percent: int = Field(
        default=80, ge=10, le=100, description="Of database.maxConnections, for five minutes."
    )
    database_transaction_seconds: int = Field(
        default=600, ge=60, le=86_400, description="Age of the oldest transaction, and of an idle one."
    )
    database_transaction_ids: int = Field(
        default=1_000_000_000,
        ge=250_000_000,
        le=1_800_000_000,
        description="Age of the oldest row version; Postgres stops writing at about 2.1 billion.",
    )
    replica_lag_seconds: int = Field(
        default=600, ge=301, le=86_400, description="An idle replica shows up to 300 by itself."
    )
    restorable_seconds: int = Field(
        default=600, ge=360, le=86_400, description="Age of the latest moment that RDS could restore."
    )
    target_error_percent: float = Field(
        default=5, gt=0, le=100, description="Server errors among all answers, for three of five minutes."
    )
    latency_seconds: float = Field(
        default=15,
        gt=0,
        le=3600,
        description="95th percentile until the first byte, 10 of 15 minutes; a turn waits for its model.",
    )
    certificate_days: int = Field(
        default=21,
        ge=3,
        le=44,
        description="Left of the certificate; AWS renews its own 60 days before the end.",
    )
    api_error_percent: float = Field(
        default=5, gt=0, le=100, description="Server errors of the Kubernetes API, for 10 of 15 minutes."
    )
