"""Bounds of the namespace that the stack's own models run in: what they ask for, and one pod more of each."""

from __future__ import annotations

from infra.settings.inference_plan import plan_of
from infra.settings.namespace import NamespaceSettings, QuotaSettings
from infra.settings.settings import Settings
from infra.sizing.quantities import cpu_millis, memory_bytes, show_cpu, show_memory

_SMALL_PODS = 8
"""Fetching Jobs, the canary's, and what a person starts to look around."""
_SMALL_CPU_MILLIS, _SMALL_MEMORY = 500, 2**30


def models_namespace(settings: Settings) -> tuple[NamespaceSettings, int]:
    """Quota and limits, and how many GPUs.

    A pod that is stopping counts until it is gone, and drains for minutes beside its successor.
    """
    assert settings.inference is not None  # the caller has it
    inference, plan = settings.inference, plan_of(settings)
    embedding = inference.embedding
    chats, embeddings = inference.replicas.max + 1, embedding.replicas + 1
    cpu = (
        chats * plan.pod.cpus * 1000
        + embeddings * cpu_millis(embedding.resources.cpu_request)
        + _SMALL_PODS * _SMALL_CPU_MILLIS
    )
    memory = (
        chats * plan.pod.memory_gib * 2**30
        + embeddings * memory_bytes(embedding.resources.memory_limit)
        + _SMALL_PODS * _SMALL_MEMORY
    )
    quota = QuotaSettings(
        cpu_requests=show_cpu(cpu),
        memory_requests=show_memory(memory),
        memory_limits=show_memory(memory),
        pods=chats + embeddings + _SMALL_PODS,
        storage=f"{inference.compile_cache_gib}Gi",
    )
    gpus = chats * plan.pod.gpus + (embeddings if embedding.device == "gpu" else 0)
    return NamespaceSettings(quota=quota), gpus
