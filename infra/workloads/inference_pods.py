"""The two model pods, from the settings' plan."""

from __future__ import annotations

import math

import pulumi

from infra.settings import Settings
from infra.settings.inference import InferenceSettings
from infra.settings.inference_plan import InferencePlan
from infra.sizing.quantities import memory_bytes
from infra.sizing.vllm_pod import vllm_timing
from infra.workloads.model_pod import GPU, ModelPod, Placement, gpu_resources
from infra.workloads.pods import resources
from infra.workloads.vllm_command import VllmCommand
from infra.workloads.weights import Weights

CHAT, EMBEDDING = "inference", "embedding"

EMBEDDING_DRAIN_SECONDS = 30
"""A vector is made within a second or two."""

_GIB = 2**30
_LOGS_AND_SCRATCH_GIB = 3
_EMBEDDING_CACHE_GIB = 1


def cache_on_volume(inference: InferenceSettings) -> bool:
    """Whether compiled kernels outlive a pod: a block volume serves one pod, in one zone."""
    return inference.replicas.max == 1


def weights_of(inference: InferenceSettings, plan: InferencePlan) -> tuple[Weights, Weights]:
    """The files of the model, and of the embedding model."""
    embedding = inference.embedding
    disk = embedding.resources.disk_limit
    assert disk is not None  # rules_inference asks for it
    return (
        Weights(
            model=inference.model,
            revision=inference.revision,
            prefix=plan.weights_prefix,
            disk_gib=math.ceil(plan.serving.shape.stored_gib * 1.05) + 1,
        ),
        Weights(
            model=embedding.model,
            revision=embedding.revision,
            prefix=plan.embedding_prefix,
            disk_gib=memory_bytes(disk) // _GIB - _EMBEDDING_CACHE_GIB - _LOGS_AND_SCRATCH_GIB,
        ),
    )


def chat_pod(
    settings: Settings,
    plan: InferencePlan,
    nodes: dict[str, str],
    claim: pulumi.Output[str] | None,
) -> ModelPod:
    """The agents' model."""
    inference = settings.inference
    assert inference is not None  # the caller has it
    weights, _ = weights_of(inference, plan)
    cache = inference.compile_cache_gib if claim is None else 0
    return ModelPod(
        workload=CHAT,
        image=inference.image,
        command=VllmCommand(
            location=weights.location,
            served_name=settings.model.name,
            shutdown_timeout=plan.timing.drain,
            purpose="chat",
            max_model_len=settings.model.context_window,
            tensor_parallel=plan.tensor_parallel,
            gpu_memory_utilization=inference.gpu_memory_utilization,
            kv_cache_dtype="fp8" if inference.kv_cache == "fp8" else None,
            quantization="fp8" if inference.quantization == "fp8" else None,
            tool_call_parser=plan.parsers.tool_call,
            reasoning_parser=plan.parsers.reasoning,
            chat_template=plan.parsers.chat_template,
        ),
        timing=plan.timing,
        weights=weights,
        placement=Placement(node_selector=nodes, gpus=plan.pod.gpus),
        resources=gpu_resources(
            gpus=plan.pod.gpus,
            cpus=plan.pod.cpus,
            memory_gib=plan.pod.memory_gib,
            disk_gib=weights.disk_gib + cache + _LOGS_AND_SCRATCH_GIB,
        ),
        shm_gib=plan.pod.shm_gib,
        cache_gib=inference.compile_cache_gib,
        claim=claim,
    )


def embedding_pod(
    settings: Settings,
    plan: InferencePlan,
    app_nodes: dict[str, str],
    gpu_nodes: dict[str, str],
) -> ModelPod:
    """The embedding model, on one GPU or on the processors of ordinary nodes."""
    inference = settings.inference
    assert inference is not None  # the caller has it
    _, weights = weights_of(inference, plan)
    embedding = inference.embedding
    on_gpu = embedding.device == "gpu"
    needs = resources(embedding.resources)
    if on_gpu:
        for side in ("requests", "limits"):
            needs[side] = {**needs.get(side, {}), GPU: "1"}
    return ModelPod(
        workload=EMBEDDING,
        image=plan.embedding_image,
        command=VllmCommand(
            location=weights.location,
            served_name=settings.model.embedding.name,
            shutdown_timeout=EMBEDDING_DRAIN_SECONDS,
            purpose="embed",
            device=embedding.device,
        ),
        timing=vllm_timing(
            weights_gib=weights.disk_gib,
            mib_per_second=inference.weights.mib_per_second,
            pre_stop=inference.pre_stop_seconds,
            drain=EMBEDDING_DRAIN_SECONDS,
        ),
        weights=weights,
        placement=Placement(node_selector=gpu_nodes if on_gpu else app_nodes, gpus=1 if on_gpu else 0),
        resources=needs,
        shm_gib=1,
        cache_gib=_EMBEDDING_CACHE_GIB,
        # vLLM would take a share of what it believes the machine has, which is the node's memory.
        environment={} if on_gpu else {"VLLM_CPU_KVCACHE_SPACE": "1"},
    )
