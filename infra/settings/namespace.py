"""Settings of the Kubernetes namespace that holds everything of ours."""

from __future__ import annotations

from pydantic import Field

from infra.settings.base import Cpu, Memory, Section


class QuotaSettings(Section):
    """What all pods together may ask for: a mistake stops here, not at the cluster's edge."""

    cpu_requests: Cpu = Field(description="CPU set aside.")
    memory_requests: Memory = Field(description="Memory set aside.")
    memory_limits: Memory = Field(description="Memory that could be used.")
    pods: int = Field(ge=1, le=1000, description="Pods, Jobs among them.")
    storage: Memory = Field(description="Volumes asked for.")


class DefaultLimitSettings(Section):
    """What a container gets that says nothing itself."""

    cpu_request: Cpu = Field(default="50m", description="CPU set aside.")
    memory_request: Memory = Field(default="64Mi", description="Memory set aside.")
    memory_limit: Memory = Field(default="256Mi", description="Memory that may be used.")


class NamespaceSettings(Section):
    """The namespace `roost`."""

    quota: QuotaSettings = Field(description="Bounds for everything together.")
    default_limits: DefaultLimitSettings = Field(
        default_factory=DefaultLimitSettings, description="Bounds for a container that states none."
    )
