"""What follows from `roost:inference` and the model's figures: the one source for pods, probes and rules."""

from __future__ import annotations

from dataclasses import dataclass

from infra.settings.inference import VLLM_VERSION, InferenceSettings
from infra.settings.settings import Settings
from infra.sizing.gpu import Serving
from infra.sizing.instance_types import architecture
from infra.sizing.model_parsers import Parsers, parsers_of
from infra.sizing.model_shapes import MODEL_SHAPES, ModelShape
from infra.sizing.vllm_pod import VllmPod, VllmTiming, vllm_pod, vllm_timing

_CPU_IMAGES = {
    "x86_64": f"public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:{VLLM_VERSION}",
    "arm64": f"public.ecr.aws/q9t5s3a7/vllm-arm64-cpu-release-repo:{VLLM_VERSION}",
}
"""vLLM's own builds for processors, from its installation guide."""


@dataclass(frozen=True, kw_only=True)
class InferencePlan:
    """A model whose figures are known, as its pods will run it."""

    serving: Serving
    tensor_parallel: int
    parsers: Parsers
    pod: VllmPod
    timing: VllmTiming
    weights_prefix: str
    """Below which its files lie in the bucket, with a slash at the end."""
    embedding_prefix: str
    embedding_image: str


def shape_of(inference: InferenceSettings) -> ModelShape | None:
    """Figures of the model: the stack's own, else the table's; None where nobody knows them."""
    own = inference.shape
    if own is None:
        return MODEL_SHAPES.get(inference.model)
    return ModelShape(
        architecture=own.architecture,
        parameters=own.parameters,
        embedding_parameters=2 * own.vocab_size * own.hidden_size,
        layers=own.layers,
        attention_heads=own.attention_heads,
        kv_heads=own.kv_heads,
        head_dim=own.head_dim,
        max_context=own.max_context,
        quantization=own.quantization,
    )


def chosen_parsers(inference: InferenceSettings) -> Parsers | None:
    """The stack's own parsers over the ones known for the model; None without one for tool calls."""
    known = parsers_of(inference.model)
    tool_call = inference.tool_call_parser or (known.tool_call if known else None)
    if tool_call is None:
        return None
    # A template belongs to its parser: with another parser the known one would be wrong.
    template = known.chat_template if known and known.tool_call == tool_call else None
    return Parsers(
        tool_call=tool_call,
        reasoning=inference.reasoning_parser or (known.reasoning if known else None),
        chat_template=inference.chat_template or template,
    )


def timing_of(settings: Settings, shape: ModelShape) -> VllmTiming:
    """Probes, grace and deadlines."""
    assert settings.inference is not None  # the caller has it
    inference = settings.inference
    return vllm_timing(
        weights_gib=shape.stored_gib,
        mib_per_second=read_speed(settings),
        pre_stop=inference.pre_stop_seconds,
        drain=inference.drain_seconds,
        termination_grace=inference.termination_grace_seconds,
        progress_deadline=inference.progress_deadline_seconds,
    )


def read_speed(settings: Settings) -> int:
    """MiB a second at which weights are read: no faster than the node's disk, on which they lie."""
    assert settings.inference is not None  # the caller has it
    speed = settings.inference.weights.mib_per_second
    nodes = settings.aws.cluster.gpu_nodes if settings.aws is not None else None
    return min(speed, nodes.disk_mib_per_second) if nodes is not None else speed


def serving_of(settings: Settings, shape: ModelShape) -> Serving:
    """What the sizing judges."""
    assert settings.inference is not None  # the caller has it
    inference = settings.inference
    parsers = chosen_parsers(inference)
    return Serving(
        model=inference.model,
        shape=shape,
        context=settings.model.context_window,
        concurrency=inference.concurrency,
        replicas=inference.replicas.max,
        utilization=inference.gpu_memory_utilization,
        shrink=inference.quantization == "fp8",
        cache=inference.kv_cache,
        tool_call_parser=parsers.tool_call if parsers else None,
    )


def plan_of(settings: Settings) -> InferencePlan:
    """The plan of settings that the rules have accepted."""
    assert settings.inference is not None  # the caller has it
    inference = settings.inference
    shape, parsers = shape_of(inference), chosen_parsers(inference)
    assert shape is not None  # rules_inference refuses a model without figures,
    assert parsers is not None  # and one without a parser
    embedding = inference.embedding
    return InferencePlan(
        serving=serving_of(settings, shape),
        tensor_parallel=inference.tensor_parallel,
        parsers=parsers,
        pod=vllm_pod(inference.tensor_parallel),
        timing=timing_of(settings, shape),
        weights_prefix=f"{inference.weights.prefix}/{inference.model}/{inference.revision}/",
        embedding_prefix=f"{inference.weights.prefix}/{embedding.model}/{embedding.revision}/",
        embedding_image=embedding_image(settings),
    )


def embedding_image(settings: Settings) -> str:
    """The stack's own choice, else the model's image on a GPU, else vLLM's for the processors of appNodes."""
    assert settings.inference is not None  # the caller has it
    assert settings.aws is not None  # a rule asks for it
    embedding = settings.inference.embedding
    if embedding.image is not None:
        return embedding.image
    if embedding.device == "gpu":
        return settings.inference.image
    return _CPU_IMAGES[architecture(settings.aws.cluster.app_nodes.instance_types[0])]
