"""Settings of the migration Job."""

from __future__ import annotations

from pydantic import Field

from infra.settings.base import ComputeResources, Section


class MigrationSettings(Section):
    """The Job that brings the schema to the program's revision, before the server changes."""

    lock_timeout_seconds: int = Field(
        default=2, ge=1, le=60, description="How long a change waits for a table lock before it gives way."
    )
    attempts: int = Field(
        default=10, ge=1, le=50, description="How often a change that gave way is tried again."
    )
    deadline_seconds: int = Field(
        default=600, ge=30, le=21_600, description="When the Job fails, whatever it is doing."
    )
    resources: ComputeResources = Field(
        default=ComputeResources(cpu_request="50m", memory_request="128Mi", memory_limit="512Mi"),
        description="CPU and memory of the Job's pod; the bootstrap Job takes the same.",
    )
