"""Settings of the database that hold on every platform; its size is the platform's (`local`, `aws`)."""

from __future__ import annotations

from pydantic import Field

from infra.settings.base import Section


class ReservedConnections(Section):
    """Connections that the server's pools must leave free."""

    admin: int = Field(default=5, ge=1, le=100, description="People with psql, and failover agents.")
    backup: int = Field(default=2, ge=0, le=50, description="Dumps and restores.")
    migration: int = Field(default=2, ge=1, le=10, description="The migration Job.")
    monitoring: int = Field(default=3, ge=0, le=50, description="Exporters.")


class DatabaseSettings(Section):
    """Postgres, wherever it runs."""

    name: str = Field(
        default="roost", pattern=r"^[a-z_][a-z0-9_]{0,62}$", description="Name of the database."
    )
    reserved_connections: ReservedConnections = Field(
        default_factory=ReservedConnections, description="What pools must leave free."
    )
    statement_timeout_seconds: int = Field(
        default=60, ge=1, le=3600, description="A statement of the server that runs longer is cancelled."
    )
    log_min_duration_ms: int = Field(
        default=500, ge=0, le=600_000, description="Statements slower than this are logged."
    )
