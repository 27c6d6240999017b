"""Rules on the stack's own inference servers: section, model, parsers, embeddings, start and stop.

Whether the model fits the GPUs is in rules_gpu.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.settings.inference import EmbeddingServerSettings
from infra.settings.inference_plan import (
    chosen_parsers,
    embedding_image,
    read_speed,
    shape_of,
    timing_of,
)
from infra.settings.model import STAND_IN_EMBEDDING, STAND_IN_MODEL
from infra.settings.settings import Settings
from infra.sizing.gpu_gates import unknown_architecture
from infra.sizing.model_parsers import REASONING_PARSERS, TOOL_CALL_PARSERS
from infra.sizing.model_shapes import EMBEDDING_DIMENSIONS, MODEL_SHAPES
from infra.sizing.quantities import memory_bytes

EMBEDDING_DISK_LEAST = 5 * 2**30
_OWN_REGISTRY = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/.+")


def section_fits_the_kind(settings: Settings) -> Iterator[str]:
    """`roost:inference` and model.kind `vllm` come together, on AWS, with names of their own."""
    model = settings.model
    if model.kind != "vllm":
        if settings.inference is not None:
            yield (
                f"`roost:inference` would be ignored, as `roost:model.kind` is `{model.kind}`: set it to "
                "`vllm`, or remove the section."
            )
        return
    if settings.local is not None:
        yield (
            "`roost:model.kind` is `vllm`, which needs GPU nodes, in profile local: run vLLM yourself and "
            "set kind to `external`, with its URL."
        )
    if settings.inference is None:
        yield (
            "`roost:model.kind` is `vllm`, so `roost:inference` must say which model: give model, revision "
            "and embedding (docs/inference.md has an example)."
        )
    if model.name == STAND_IN_MODEL:
        yield "`roost:model.name` is still the stand-in's: name what vLLM serves the model as."


def model_is_known(settings: Settings) -> Iterator[str]:
    """The sizing has the model's figures, and a formula for how it attends."""
    inference = settings.inference
    if inference is None:
        return
    shape = shape_of(inference)
    if shape is None:
        yield (
            f"`roost:inference.model` {inference.model!r} is not one whose memory is known: give "
            "`roost:inference.shape` from its config.json, or take one that docs/inference.md lists "
            f"({len(MODEL_SHAPES)} models)."
        )
        return
    problem = unknown_architecture(shape)
    if problem is not None:
        yield f"`roost:inference.shape.architecture`: {problem}."
    if inference.quantization == "fp8" and shape.quantization != "bf16":
        yield (
            f"`roost:inference.quantization` is `fp8`, and the weights of {inference.model} are stored in "
            f"{shape.quantization} already: set it to `checkpoint`."
        )


def tool_calls_can_be_read(settings: Settings) -> Iterator[str]:
    """Gate G11: a parser for the model's tool calls, and none that vLLM does not have."""
    inference = settings.inference
    if inference is None:
        return
    if chosen_parsers(inference) is None:
        yield (
            f"nobody wrote down which parser reads the tool calls of {inference.model}, and without one "
            "agents cannot use tools: set `roost:inference.toolCallParser` to the one that its model card "
            f"names, of {_listed(TOOL_CALL_PARSERS)}."
        )
    for key, given, known in (
        ("toolCallParser", inference.tool_call_parser, TOOL_CALL_PARSERS),
        ("reasoningParser", inference.reasoning_parser, REASONING_PARSERS),
    ):
        if given is not None and given not in known:
            yield f"`roost:inference.{key}` {given!r} is not one of vLLM's: {_listed(known)}."


def embeddings_have_their_length(settings: Settings) -> Iterator[str]:
    """The embedding model's vectors are as long as the database's column."""
    inference, embedding = settings.inference, settings.model.embedding
    if settings.model.kind != "vllm" or inference is None:
        return
    if embedding.base_url is not None:
        yield (
            "`roost:model.embedding.baseUrl` would be ignored: with `roost:model.kind` `vllm` the server of "
            "`roost:inference.embedding` embeds. Remove it."
        )
    if embedding.name == STAND_IN_EMBEDDING:
        yield "`roost:model.embedding.name` is still the stand-in's: name what vLLM serves it as."
    yield from _dimensions(inference.embedding, embedding.dimensions)


def _dimensions(server: EmbeddingServerSettings, column: int) -> Iterator[str]:
    known = EMBEDDING_DIMENSIONS.get(server.model)
    if known is None and server.dimensions is None:
        yield (
            f"nobody wrote down how long the vectors of {server.model} are: set "
            "`roost:inference.embedding.dimensions` to `hidden_size` of its config.json."
        )
    elif known is not None and server.dimensions not in (None, known):
        yield (
            f"`roost:inference.embedding.dimensions` is {server.dimensions}, and the vectors of "
            f"{server.model} have {known}: remove it."
        )
    elif (known or server.dimensions) != column:
        length = known or server.dimensions
        yield (
            f"`roost:model.embedding.dimensions` is {column}, and the vectors of {server.model} have "
            f"{length}: every insert would fail. Set it to {length}."
        )


def inference_starts_and_stops_in_time(settings: Settings) -> Iterator[str]:
    """The startup budget suffices and is below the rollout's deadline; a stop is not cut short."""
    inference = settings.inference
    shape = shape_of(inference) if inference is not None else None
    if inference is None or shape is None:
        return
    timing = timing_of(settings, shape)
    if not timing.starts_in_time:
        yield (
            f"{shape.stored_gib:.0f} GiB of weights at {read_speed(settings)} MiB a second take "
            f"{timing.start_seconds} s to load, and a pod may take {timing.startup.budget_seconds}: raise "
            "`roost:aws.cluster.gpuNodes.diskMibPerSecond` and `roost:inference.weights.mibPerSecond` to "
            "what the nodes reach, or take a smaller model."
        )
    if timing.progress_deadline <= timing.startup.budget_seconds:
        yield (
            "a rollout would count as failed while a pod still starts: "
            f"`roost:inference.progressDeadlineSeconds` is {timing.progress_deadline}, and a start may take "
            f"{timing.startup.budget_seconds}. Remove it, so that it is computed."
        )
    if timing.termination_grace < timing.pre_stop + timing.drain:
        yield (
            "Kubernetes would kill a vLLM pod that still drains: "
            f"`roost:inference.terminationGraceSeconds` is {timing.termination_grace}, and preStopSeconds "
            f"{timing.pre_stop} + drainSeconds {timing.drain} take {timing.pre_stop + timing.drain}. Remove "
            "it, so that it is computed."
        )


def somebody_adds_pods(settings: Settings) -> Iterator[str]:
    """Between the fewest and the most pods somebody decides, and has a choice."""
    inference = settings.inference
    if inference is None:
        return
    least, most = inference.replicas.min, inference.replicas.max
    if least < most and inference.scaling is None:
        yield (
            f"`roost:inference.replicas` goes from {least} to {most}, and nothing would ever add a pod: give "
            "`roost:inference.scaling`, which needs KEDA in the cluster, or set both to the same."
        )
    if least == most and inference.scaling is not None:
        yield (
            f"`roost:inference.scaling` would be ignored, as replicas.min and replicas.max are both {least}: "
            "raise replicas.max, or remove it."
        )


def pods_find_their_volumes(settings: Settings) -> Iterator[str]:
    """A single replica keeps its compiled kernels on a block volume, which is in one zone for ever."""
    inference, aws = settings.inference, settings.aws
    nodes = aws.cluster.gpu_nodes if aws is not None else None
    if inference is None or nodes is None:
        return
    if inference.replicas.max == 1 and len(nodes.zones) != 1:
        yield (
            "with one replica the compiled kernels lie on a volume in one zone, and a node in another zone "
            f"could not use it: `roost:aws.cluster.gpuNodes.zones` is {list(nodes.zones)}; name exactly one."
        )
    disk = inference.embedding.resources.disk_limit
    if disk is None or memory_bytes(disk) < EMBEDDING_DISK_LEAST:
        yield (
            f"`roost:inference.embedding.resources.diskLimit` is {disk}: the pod's disk holds the model's "
            f"files beside 4 GiB of cache, scratch and logs: give {EMBEDDING_DISK_LEAST // 2**30}Gi or more."
        )


def weights_and_images_arrive(settings: Settings) -> Iterator[str]:
    """There is a bucket for the weights, and without a NAT gateway nothing is fetched from the internet."""
    inference, aws = settings.inference, settings.aws
    if inference is None or aws is None:
        return
    if aws.storage.weights is False:
        yield (
            "`roost:aws.storage.weights` is false, and vLLM's pods take their weights from that bucket: "
            "remove it."
        )
    if aws.network.nat != "none":
        return
    if inference.weights.source == "hub":
        yield (
            "`roost:inference.weights.source` is `hub`, and without a NAT gateway nothing reaches it: put "
            "the weights into the bucket yourself and set it to `bucket`, or set `roost:aws.network.nat`."
        )
    images = {
        "inference.image": inference.image,
        "inference.embedding.image": embedding_image(settings),
        "aws.gpu.pluginImage": aws.gpu.plugin_image,
    }
    if not aws.cluster.observability:  # which brings its own exporter
        images["aws.gpu.exporterImage"] = aws.gpu.exporter_image
    for key, image in images.items():
        if not _OWN_REGISTRY.fullmatch(image):
            yield (
                f"without a NAT gateway nodes cannot pull {image}: copy it to a repository of the account's "
                f"own registry and name that in `roost:{key}`."
            )


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
