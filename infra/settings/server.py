"""Settings of the agent server."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from infra.settings.base import ComputeResources, Section


class ReplicaSettings(Section):
    """How many server pods run; the autoscaler moves between the two."""

    min: int = Field(default=2, ge=1, le=100, description="Never fewer pods.")
    max: int = Field(default=4, ge=1, le=100, description="Never more pods, outside a rollout.")


class AutoscalingSettings(Section):
    """When the autoscaler adds pods: average use, as a share of what the pods request."""

    cpu_percent: int = Field(default=70, ge=10, le=95, description="Target for CPU.")
    memory_percent: int = Field(default=80, ge=10, le=95, description="Target for memory.")
    in_flight_per_pod: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description=(
            "Target for requests and streams of each pod, which wait for the model rather than use CPU. It "
            "needs an adapter in the cluster that serves `roost_http_in_flight` at custom.metrics.k8s.io. "
            "Off, because the stack brings none, and without one the autoscaler takes no pod away."
        ),
    )


class ServerSettings(Section):
    """The agent server: size, image, and how it starts, streams and stops."""

    image: str | None = Field(
        default=None,
        description=(
            "Full image reference. Absent in `local`, `make up` has built it; absent in `dev`, the stack "
            "builds and pushes it. prod needs one pinned by digest, `registry/name@sha256:…`."
        ),
    )
    replicas: ReplicaSettings = Field(default_factory=ReplicaSettings, description="How many pods.")
    autoscaling: AutoscalingSettings = Field(
        default_factory=AutoscalingSettings, description="When to add pods."
    )
    resources: ComputeResources = Field(description="CPU and memory of each pod.")
    pool_size: int = Field(default=10, ge=1, le=200, description="Database connections of each pod, at most.")
    uses_cache: bool = Field(
        default=False,
        description=(
            "Whether the image keeps something in a cache: then its pods are told of `roost:cache` in "
            "`LETTA_REDIS_*`. Roost's own does not, and refuses those names. The upstream server does, and "
            "without one starts a Redis in each pod; it speaks neither TLS nor passwords to a cache, so it "
            "needs a sidecar that does."
        ),
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level logged."
    )
    ping_seconds: int = Field(
        default=20, ge=1, le=300, description="A stream with nothing to say sends a ping this often."
    )
    longest_stream_seconds: int = Field(
        default=600,
        ge=10,
        le=3300,
        description="The longest stream that a rollout must not cut: drainSeconds has to cover it.",
    )
    drain_seconds: int = Field(
        default=600,
        ge=1,
        le=3300,
        description="How long a stopping pod waits for open streams; without any it stops at once.",
    )
    pre_stop_seconds: int = Field(
        default=5,
        ge=3,
        le=120,
        description="How long a stopping pod still answers, until every proxy has heard of it.",
    )
    termination_grace_seconds: int | None = Field(
        default=None,
        ge=1,
        le=3600,
        description="When Kubernetes kills a pod that still has not stopped; absent computes it.",
    )
    keep_alive_seconds: int | None = Field(
        default=None,
        ge=1,
        le=7200,
        description="How long the server keeps an idle connection open for the edge; absent computes it.",
    )
    startup_seconds: int = Field(
        default=60, ge=5, le=600, description="How long a pod may take until it answers."
    )
