"""Settings of PgBouncer, the connection pooler between the server and Postgres."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from infra.settings.base import ComputeResources, Section

_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


class PoolerSettings(Section):
    """PgBouncer in transaction mode: many connections of the server's pods on few of Postgres'.

    Worth it when replicas x poolSize no longer fits the database; below that it only adds a hop.
    """

    image: str = Field(
        description=(
            "Image with PgBouncer 1.23 or later as `pgbouncer` on its PATH, by digest: "
            "`registry/name@sha256:…`. Any user id runs it."
        )
    )
    replicas: int = Field(default=2, ge=2, le=10, description="Pods; two at least, as the server needs one.")
    pool_size: int = Field(
        default=40, ge=1, le=1000, description="Connections of each pod to Postgres, at most."
    )
    resources: ComputeResources = Field(
        default=ComputeResources(
            cpu_request="100m", memory_request="64Mi", memory_limit="256Mi", disk_limit="1Gi"
        ),
        description="CPU and memory of each pod; it works on one core.",
    )

    @field_validator("image")
    @classmethod
    def _pinned(cls, image: str) -> str:
        if not _DIGEST.fullmatch(image):
            raise ValueError(
                f"image must be pinned by digest, as `registry/name@sha256:…`: {image!r} could be another "
                "one tomorrow, and whatever the server asks of the database passes through it"
            )
        return image
