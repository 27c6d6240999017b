"""Settings of the public edge that hold on every platform; its address is the platform's (`local`, `aws`)."""

from __future__ import annotations

from pydantic import Field

from infra.settings.base import Section


class EdgeSettings(Section):
    """What stands before the server: nginx locally, a load balancer on AWS."""

    idle_timeout_seconds: int = Field(
        default=300,
        ge=5,
        le=4000,
        description="The edge closes a connection on which nothing moves for so long; streams ping before.",
    )
