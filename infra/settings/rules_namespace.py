"""Rules on the namespace's bounds, and on what the local edge is given."""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings.demand import demands_of
from infra.settings.settings import Settings
from infra.sizing.demand import Demand, total
from infra.sizing.quantities import cpu_millis, memory_bytes, show_cpu, show_memory


def quota_holds_the_stack(settings: Settings) -> Iterator[str]:
    """At the worst moment of a rollout the stack still fits its own quota."""
    quota = settings.namespace.quota
    demands = demands_of(settings)
    need = total(demands)
    measures = (
        ("cpuRequests", need.cpu_millis, cpu_millis(quota.cpu_requests), show_cpu),
        ("memoryRequests", need.memory_request, memory_bytes(quota.memory_requests), show_memory),
        ("memoryLimits", need.memory_limit, memory_bytes(quota.memory_limits), show_memory),
        ("pods", need.pods, quota.pods, str),
        ("storage", need.storage, memory_bytes(quota.storage), show_memory),
    )
    for key, needed, allowed, show in measures:
        if needed > allowed:
            yield (
                f"`roost:namespace.quota.{key}` is {show(allowed)}, and the stack itself asks for "
                f"{show(needed)} during a rollout ({_who(demands)}): raise it at least to {show(needed)}."
            )


def _who(demands: list[Demand]) -> str:
    return ", ".join(f"{demand.pods} {demand.name}" for demand in demands)


def defaults_are_ordered(settings: Settings) -> Iterator[str]:
    """A container without bounds gets a request below its limit."""
    limits = settings.namespace.default_limits
    if memory_bytes(limits.memory_request) > memory_bytes(limits.memory_limit):
        yield (
            f"`roost:namespace.defaultLimits.memoryRequest` ({limits.memory_request}) is above memoryLimit "
            f"({limits.memory_limit}): Kubernetes refuses such a container."
        )


def certificates_outlive_each_other(settings: Settings) -> Iterator[str]:
    """The authority is still valid when the last certificate that it signed ends."""
    if settings.local is None:
        return
    edge = settings.local.edge
    if edge.certificate_days >= edge.certificate_authority_days:
        yield (
            f"`roost:local.edge.certificateAuthorityDays` ({edge.certificate_authority_days}) must be "
            f"above certificateDays ({edge.certificate_days}), or a valid certificate has an expired "
            "authority."
        )
